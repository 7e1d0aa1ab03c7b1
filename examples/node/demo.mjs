// Runs the examples against an emulator, through rotations: node demo.mjs FOLDER, where they and their packages are. make demo-node
// does. In the environment: KMSAK_BIN, the kmsak program.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const execute = promisify(execFile);
const examples = process.argv[2];
const program = process.env.KMSAK_BIN ?? "kmsak";
const folder = await mkdtemp(path.join(tmpdir(), "kmsak-demo-"));
const children = [];

function start(command, args, options) {
  const child = spawn(command, args, {
    stdio: ["ignore", "pipe", "inherit"],
    ...options,
  });
  children.push(child);
  return child;
}

try {
  const kms = start(program, ["emulator", "--dir", path.join(folder, "kms")], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const { admin, endpoints } = JSON.parse(
    (await once(createInterface(kms.stdout), "line"))[0],
  );
  const file = path.join(folder, "kms/on_the_cloud.properties");
  const rotate = async () => {
    const answer = await fetch(`${admin}/rotations`, {
      method: "POST",
      body: JSON.stringify({ secret: "acs/ram/user/app", overlapSeconds: 0 }),
    });
    if (!answer.ok) throw new Error(await answer.text());
    console.log("(rotated; the old AccessKey is deleted)");
  };
  const run = async (...args) => {
    const { stdout } = await execute(process.execPath, args, { cwd: examples });
    if (!stdout.includes("user/app"))
      throw new Error(`${args[0]} printed ${stdout}`);
    console.log(`${args[0]}: ${stdout.trim()}`);
  };

  await run("script.js", file, endpoints.sts);
  await execute(
    process.execPath,
    ["node_modules/typescript/bin/tsc", "-p", "."],
    { cwd: examples },
  );
  await run("built/typescript.js", file, new URL(endpoints.sts).host);

  const env = { ...process.env, PORT: "0", OSS_ENDPOINT: endpoints.oss };
  const server = start(process.execPath, ["server.js", file], {
    cwd: examples,
    env,
  });
  const port = (await once(createInterface(server.stdout), "line"))[0].match(
    /\d+$/,
  )[0];
  for (let round = 0; round < 3; round++) {
    if (round > 0) await rotate();
    const answer = await fetch(`http://127.0.0.1:${port}/buckets`);
    if (!answer.ok) throw new Error(`server.js answered ${answer.status}`);
    const [{ accessKeyId }] = (
      await (await fetch(`http://127.0.0.1:${port}/health`)).json()
    ).secrets;
    console.log(`server.js: listed the buckets with ${accessKeyId}`);
  }
  server.kill("SIGTERM");
  const [status] = await once(server, "exit");
  if (status !== 0) throw new Error(`server.js ended with ${status}`);
} finally {
  for (const child of children) child.kill();
  await rm(folder, { recursive: true, force: true });
}
