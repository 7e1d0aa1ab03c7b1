// What a cached AccessKey costs, beside an empty call of a native function and an already resolved promise.

import { createRequire } from "node:module";
import { start } from "./kms.mjs";

const require = createRequire(import.meta.url);
const { Provider } = require("../../bindings/node");
const { nothing } = require("../../bindings/node/lib/native.js");

const APP = "acs/ram/user/app";
const CALLS = 2_000_000;
const ROUNDS = 9;

const { file } = await start();
const provider = await Provider.fromFile(file);
await provider.credentials(APP);
const resolved = Promise.resolve({});
let kept;

const loops = {
  "empty native call": () => {
    for (let i = 0; i < CALLS; i++) kept = nothing();
  },
  "credentialsSync(name)": () => {
    for (let i = 0; i < CALLS; i++) kept = provider.credentialsSync(APP);
  },
  "await resolved promise": async () => {
    for (let i = 0; i < CALLS; i++) kept = await resolved;
  },
  "await credentials(name)": async () => {
    for (let i = 0; i < CALLS; i++) kept = await provider.credentials(APP);
  },
};

// Side by side in each round, so that a busy machine slows all of them; the median of the rounds.
const times = Object.fromEntries(Object.keys(loops).map((name) => [name, []]));
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, loop] of Object.entries(loops)) {
    const started = process.hrtime.bigint();
    await loop();
    times[name].push(Number(process.hrtime.bigint() - started) / CALLS);
  }
}
const median = Object.fromEntries(
  Object.entries(times).map(([name, all]) => [
    name,
    all.sort((a, b) => a - b)[ROUNDS >> 1],
  ]),
);
for (const [name, nanoseconds] of Object.entries(median))
  console.log(`${name.padEnd(26)}${nanoseconds.toFixed(1)} ns`);
const ratio = (one, other) => (median[one] / median[other]).toFixed(2);
console.log(
  `credentialsSync(name) / empty native call        ${ratio("credentialsSync(name)", "empty native call")}`,
);
console.log(
  `await credentials(name) / await resolved promise ${ratio("await credentials(name)", "await resolved promise")}`,
);
if (kept === undefined) throw new Error("nothing was measured");
provider.close();
