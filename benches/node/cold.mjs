// How long the event loop is held up while many secrets are fetched that nobody asked for before. Arguments: a properties file, and
// names after it. Writes one JSON object: milliseconds by percentile, and how long it all took.

import { createRequire } from "node:module";
import { monitorEventLoopDelay } from "node:perf_hooks";

const { Provider } = createRequire(import.meta.url)("../../bindings/node");

// A timer fires at most once a resolution: what it is late by beyond that is the delay.
const RESOLUTION = 1;

const [config, ...names] = process.argv.slice(2);
const provider = await Provider.fromFile(config);
const delay = monitorEventLoopDelay({ resolution: RESOLUTION });
delay.enable();
const began = performance.now();
await Promise.all(names.map((name) => provider.secret(name)));
const took = performance.now() - began;
delay.disable();
const late = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - RESOLUTION);
console.log(
  JSON.stringify({
    median: late(delay.percentile(50)),
    most: late(delay.max),
    took,
  }),
);
provider.close();
