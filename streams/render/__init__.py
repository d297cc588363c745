"""What people see: tables and walks on a terminal."""
