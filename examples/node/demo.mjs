// Runs every example in this folder against an emulator, through a rotation without overlap: make demo-node

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const execute = promisify(execFile);
const here = fileURLToPath(new URL(".", import.meta.url));
const root = path.resolve(here, "../..");
const program =
  process.env.KMSAK_BIN ??
  path.join(
    path.resolve(root, process.env.CARGO_TARGET_DIR ?? "target"),
    "debug",
    "kmsak",
  );
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
  // What npm would install: the package of this repository, and the SDKs that its tests have.
  const examples = path.join(folder, "examples");
  await cp(here, examples, { recursive: true });
  const modules = path.join(root, "bindings/node/node_modules");
  await cp(modules, path.join(examples, "node_modules"), {
    recursive: true,
    verbatimSymlinks: true,
  });
  await symlink(
    path.join(root, "bindings/node"),
    path.join(examples, "node_modules/kmsak"),
  );

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
