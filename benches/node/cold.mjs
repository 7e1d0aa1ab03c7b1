// How long the event loop is held up while many secrets are fetched that nobody asked for before. Arguments: a properties file, and
// names after it. Writes one JSON object: milliseconds.

import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { Provider } = createRequire(import.meta.url)("../../bindings/node");

// The emulator takes cores away that KMS would not: what the thread waited for one is not kmsak's delay. Where the system does
// not say (outside Linux), it counts.
const SCHEDULER = `/proc/self/task/${process.pid}/schedstat`;
const tells = existsSync(SCHEDULER);
const waitedForCore = () =>
  tells ? Number(readFileSync(SCHEDULER, "utf8").split(" ")[1]) / 1e6 : 0;

const PAUSE = 1;

const [config, ...names] = process.argv.slice(2);
const provider = await Provider.fromFile(config);

const delays = [];
let withoutCore = 0;
let at = performance.now();
let waited = waitedForCore();
let timer = setTimeout(tick, PAUSE);

function tick() {
  const now = performance.now();
  const waitedNow = waitedForCore();
  delays.push(Math.max(0, now - at - PAUSE - (waitedNow - waited)));
  withoutCore = Math.max(withoutCore, waitedNow - waited);
  at = now;
  waited = waitedNow;
  timer = setTimeout(tick, PAUSE);
}

const began = performance.now();
await Promise.all(names.map((name) => provider.secret(name)));
const took = performance.now() - began;
clearTimeout(timer);
delays.sort((a, b) => a - b);
console.log(
  JSON.stringify({
    median: delays[delays.length >> 1],
    most: delays.at(-1),
    withoutCore,
    took,
  }),
);
provider.close();
