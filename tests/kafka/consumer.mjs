// A consumer that knows nothing of us but the broker and the JSON Schemas: reads topics from the beginning to where they
// end now, validates each event against the schema that its ce_type names, prints one line of JSON.
//
//     node consumer.mjs HOST:PORT FOLDER_OF_SCHEMAS TOPIC…

import { readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { decompress } from "fzstd";
import kafkajs from "kafkajs";

const { Kafka, CompressionTypes, CompressionCodecs, logLevel } = kafkajs;
CompressionCodecs[CompressionTypes.ZSTD] = () => ({ decompress: async (bytes) => Buffer.from(decompress(bytes)) });

const [broker, folder, ...topics] = process.argv.slice(2);
const ajv = addFormats(new Ajv2020({ strict: false, allErrors: true }));
const validators = new Map();

function validatorOf(type) {
  if (!validators.has(type)) {
    validators.set(type, ajv.compile(JSON.parse(readFileSync(join(folder, `${type}.json`), "utf8"))));
  }
  return validators.get(type);
}

const kafka = new Kafka({ brokers: [broker], clientId: "another-language", logLevel: logLevel.ERROR });
const admin = kafka.admin();
await admin.connect();
const left = new Map(); // "topic-partition" → next offset to wait for
for (const topic of topics) {
  for (const { partition, high, low } of await admin.fetchTopicOffsets(topic)) {
    if (high !== low) left.set(`${topic}-${partition}`, BigInt(high));
  }
}
await admin.disconnect();

const found = { read: {}, tombstones: {}, types: {}, invalid: [], headers: [] };
function check(at, message) {
  const header = (name) => message.headers[name]?.toString();
  const type = header("ce_type");
  const validate = validatorOf(type);
  found.types[type] = (found.types[type] ?? 0) + 1;
  if (!validate(JSON.parse(message.value.toString("utf8")))) found.invalid.push({ at, errors: validate.errors });
  for (const name of ["ce_id", "ce_source", "ce_specversion", "ce_time", "content-type", "ce_origin"]) {
    if (!header(name)) found.headers.push(`${at} has no ${name}`);
  }
}

const consumer = kafka.consumer({ groupId: `another-language-${process.pid}` });
consumer.on(consumer.events.CRASH, ({ payload }) => {
  console.error(payload.error);
  process.exit(1);
});
await consumer.connect();
await consumer.subscribe({ topics, fromBeginning: true });
const done = new Promise((resolve) => {
  const take = ({ topic, partition, message }) => {
    if (message.value === null) found.tombstones[topic] = (found.tombstones[topic] ?? 0) + 1;
    else check(`${topic}-${partition}-${message.offset}`, message);
    found.read[topic] = (found.read[topic] ?? 0) + 1;
    if (BigInt(message.offset) + 1n >= (left.get(`${topic}-${partition}`) ?? 0n)) left.delete(`${topic}-${partition}`);
    if (left.size === 0) resolve();
  };
  if (left.size === 0) resolve();
  consumer.run({ eachMessage: async (one) => take(one) });
});
const late = setTimeout(() => {
  console.error(`not read to the end: ${[...left.keys()].join(", ")}`);
  process.exit(1);
}, 60_000);
await done;
clearTimeout(late);
await consumer.disconnect();
console.log(JSON.stringify(found));
