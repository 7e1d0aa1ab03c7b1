// What a cached AccessKey costs, beside an empty call of a native function and an already resolved promise. The argument is a
// properties file; writes one JSON object: nanoseconds (median, least, most) and bytes of heap a call, by name.

import { createRequire } from "node:module";
import { bench, do_not_optimize, run } from "mitata";

const require = createRequire(import.meta.url);
const { Provider } = require("../../bindings/node");
const { nothing } = require("../../bindings/node/lib/native.js");

const APP = "acs/ram/user/app";

const provider = await Provider.fromFile(process.argv[2]);
await provider.credentials(APP);
const resolved = Promise.resolve({});

bench("empty native call", () => nothing());
bench("credentialsSync", () => do_not_optimize(provider.credentialsSync(APP)));
bench("await resolved promise", async () => do_not_optimize(await resolved));
bench("await credentials", async () =>
  do_not_optimize(await provider.credentials(APP)),
);

const { benchmarks } = await run({ format: "quiet" });
const rows = benchmarks.map(({ alias, runs: [{ stats, error }] }) => {
  if (error !== undefined) throw error;
  return [
    alias,
    {
      median: stats.p50,
      least: stats.min,
      most: stats.p99,
      bytes: stats.heap?.avg ?? null,
    },
  ];
});
console.log(JSON.stringify(Object.fromEntries(rows)));
provider.close();
