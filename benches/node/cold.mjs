// How long the event loop is held up while a thousand secrets are fetched that nobody asked for before.

import { createRequire } from "node:module";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { start } from "./kms.mjs";

const { Provider } = createRequire(import.meta.url)("../../bindings/node");

const SECRETS = 1000;
const { admin, file } = await start();
const names = Array.from({ length: SECRETS }, (_, i) => `cold-${i}`);
for (const name of names) {
  const answer = await fetch(`${admin}/secrets`, {
    method: "POST",
    body: JSON.stringify({ name, text: `value of ${name}` }),
  });
  if (!answer.ok) throw new Error(await answer.text());
}
const provider = await Provider.fromFile(file);

// A timer fires at most once a resolution: what it is late by beyond that is the delay.
const RESOLUTION = 1;
for (let round = 0; round < 3; round++) {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION });
  delay.enable();
  const started = performance.now();
  const secrets = await Promise.all(
    names.map((name) =>
      round === 0 ? provider.secret(name) : provider.refresh(name),
    ),
  );
  const took = performance.now() - started;
  delay.disable();
  if (secrets.some(({ text }, i) => text !== `value of ${names[i]}`))
    throw new Error("a wrong value");
  const milliseconds = (nanoseconds) =>
    `${Math.max(0, nanoseconds / 1e6 - RESOLUTION).toFixed(1)} ms`;
  console.log(
    `${round === 0 ? "cold" : "again"}: ${SECRETS} secrets in ${took.toFixed(0)} ms, event-loop delay: ` +
      `median ${milliseconds(delay.percentile(50))}, 99 % ${milliseconds(delay.percentile(99))}, most ${milliseconds(delay.max)}`,
  );
}
provider.close();
