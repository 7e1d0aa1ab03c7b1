// An emulator of one's own, and a provider through its instance gateway.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const program =
  process.env.KMSAK_BIN ??
  path.join(
    path.resolve(root, process.env.CARGO_TARGET_DIR ?? "target"),
    "debug",
    "kmsak",
  );

export async function start() {
  const dir = mkdtempSync(path.join(tmpdir(), "kmsak-bench-"));
  const emulator = spawn(program, ["emulator", "--dir", dir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  process.on("exit", () => {
    emulator.kill();
    rmSync(dir, { recursive: true });
  });
  const [line] = await once(createInterface(emulator.stdout), "line");
  emulator.unref();
  emulator.stdout.unref();
  return {
    admin: JSON.parse(line).admin,
    file: path.join(dir, "on_the_cloud.properties"),
  };
}
