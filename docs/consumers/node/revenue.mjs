// A subscriber of Revmark's revenue events: booked and collected money by month, each event counted once.
//
// Events come at least once and in order per customer. What has been counted is kept beside the sums and the positions,
// in one file that is replaced whole, so that a crash, a repeat or a replay changes nothing. Needs: npm install.
//
//     node revenue.mjs --broker localhost:9092 --topic revmark.revenue --state revenue.json --until-end
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Kafka, logLevel } from "kafkajs";

const BOOKED = {
  invoice_posted: 1n, invoice_restated: 1n, invoice_voided: -1n,
  credit_memo_issued: -1n, credit_memo_restated: -1n, credit_memo_voided: 1n,
};
const COLLECTED = { payment_received: 1n, prepayment_received: 1n, overpayment_received: 1n, refund_made: -1n };
const CAME = "payment_received"; // what an event of a release that did not say it yet is taken for

const { values: given } = parseArgs({
  options: {
    broker: { type: "string", default: "localhost:9092" },
    topic: { type: "string", default: "revmark.revenue" },
    state: { type: "string", default: "revenue.json" },
    "until-end": { type: "boolean", default: false },
  },
});
const state = existsSync(given.state)
  ? JSON.parse(readFileSync(given.state, "utf8"))
  : { seen: {}, months: {}, positions: {} };

// Amounts are decimal strings. A JavaScript number is a float: count whole units of the last digit instead.
function add(left, right, sign) {
  const digits = Math.max(...[left, right].map((text) => (text.split(".")[1] ?? "").length));
  const whole = (text) => {
    const [units, rest = ""] = text.replace("-", "").split(".");
    return BigInt(units + rest.padEnd(digits, "0")) * (text.startsWith("-") ? -1n : 1n);
  };
  const sum = whole(left) + sign * whole(right);
  const shown = String(sum < 0n ? -sum : sum).padStart(digits + 1, "0");
  const text = digits ? `${shown.slice(0, -digits)}.${shown.slice(-digits)}` : shown;
  return sum < 0n ? `-${text}` : text;
}

function count(event) {
  if (state.seen[event.id]) return;
  state.seen[event.id] = true;
  if (!event.money) return;
  const [booked, collected] = signs(event);
  put(event, booked, collected);
  if (event.before) put(event.before, -booked, -collected); // what was told before holds no more, on its own day
}

// Whether it adds to what is booked and to what is collected, takes away, or neither. A type that is not known here is
// passed over: there may be new ones.
function signs({ type, told_as }) {
  const came = COLLECTED[told_as ?? CAME] ?? 0n;
  if (type === "payment_reversed") return [0n, -came];
  if (type === "payment_restated") return [0n, came];
  return [BOOKED[type] ?? 0n, COLLECTED[type] ?? 0n];
}

function put({ day, money }, toBooked, toCollected) {
  const month = (state.months[`${day.slice(0, 7)} ${money.currency}`] ??= { booked: "0", collected: "0" });
  month.booked = add(month.booked, money.amount, toBooked);
  month.collected = add(month.collected, money.amount, toCollected);
}

function keep() {
  writeFileSync(`${given.state}.new`, JSON.stringify(state));
  renameSync(`${given.state}.new`, given.state);
}

const kafka = new Kafka({ clientId: "revenue-example", brokers: [given.broker], logLevel: logLevel.ERROR });
const admin = kafka.admin();
await admin.connect();
const ends = Object.fromEntries((await admin.fetchTopicOffsets(given.topic)).map((each) => [each.partition, each.high]));
await admin.disconnect();

// Our own positions count, not the broker's: they are kept with what was counted.
const consumer = kafka.consumer({ groupId: `revenue-example-${process.pid}-${Date.now()}` });
await consumer.connect();
await consumer.subscribe({ topic: given.topic, fromBeginning: true });
const left = new Set(Object.keys(ends).filter((each) => BigInt(state.positions[each] ?? 0) < BigInt(ends[each])));
let done;
const ended = new Promise((resolve) => (done = resolve));
if (given["until-end"] && left.size === 0) done();
await consumer.run({
  autoCommit: false,
  eachBatch: async ({ batch }) => {
    for (const message of batch.messages) {
      if (BigInt(message.offset) < BigInt(state.positions[batch.partition] ?? 0)) continue;
      count(JSON.parse(message.value.toString()));
      state.positions[batch.partition] = String(BigInt(message.offset) + 1n);
    }
    keep();
    if (BigInt(batch.lastOffset()) + 1n >= BigInt(ends[batch.partition])) left.delete(String(batch.partition));
    if (given["until-end"] && left.size === 0) done();
  },
});
for (const [partition, next] of Object.entries(state.positions)) {
  consumer.seek({ topic: given.topic, partition: Number(partition), offset: next });
}
process.once("SIGINT", () => done());
await ended;
await consumer.disconnect();
for (const key of Object.keys(state.months).sort()) {
  const [month, currency] = key.split(" ");
  console.log(JSON.stringify({ month, currency, ...state.months[key] }));
}
