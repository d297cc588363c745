"""The simulator and builders: shipped, for users' tests too."""
