// A KMS of one's own for a test file: the emulator as a process.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export const APP = 'acs/ram/user/app'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const program =
  process.env.KMSAK_BIN ?? path.join(path.resolve(root, process.env.CARGO_TARGET_DIR ?? 'target'), 'debug', 'kmsak')

export class Kms {
  static async start() {
    const kms = new Kms()
    kms.folder = await mkdtemp(path.join(tmpdir(), 'kmsak-node-'))
    kms.dir = path.join(kms.folder, 'kms')
    kms.process = spawn(program, ['emulator', '--dir', kms.dir], { stdio: ['ignore', 'pipe', 'ignore'] })
    const [line] = await Promise.race([
      once(createInterface(kms.process.stdout), 'line'),
      once(kms.process, 'exit').then(([status]) => {
        throw new Error(`${program} emulator ended with ${status}: build it with cargo build -p kmsak-cli`)
      }),
    ])
    kms.ready = JSON.parse(line)
    // Through the instance gateway.
    kms.file = path.join(kms.dir, 'on_the_cloud.properties')
    return kms
  }

  async stop() {
    this.process.kill('SIGTERM')
    if (this.process.exitCode === null) await once(this.process, 'exit')
    await rm(this.folder, { recursive: true })
  }

  // What the file says, as options.
  options(more = {}) {
    return {
      gateways: [
        {
          type: 'instance',
          endpoint: new URL(this.ready.endpoints.instance).host,
          caFile: path.join(this.dir, 'ca.pem'),
        },
      ],
      clientKeyFile: path.join(this.dir, 'clientKey.json'),
      clientKeyPasswordFile: path.join(this.dir, 'clientKey_Password.txt'),
      ...more,
    }
  }

  async admin(method, where, body) {
    const answer = await fetch(this.ready.admin + where, {
      method,
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    const json = await answer.json()
    if (!answer.ok) throw new Error(`${method} ${where}: ${json.error}`)
    return json
  }

  // Without overlap: the old AccessKey is gone at once.
  rotate(secret = APP) {
    return this.admin('POST', '/rotations', { secret, overlapSeconds: 0 })
  }

  fault(fault) {
    return this.admin('POST', '/faults', fault)
  }

  noFaults() {
    return this.admin('DELETE', '/faults')
  }

  async current(secret = APP) {
    const { versions } = await this.admin('GET', `/secrets?name=${encodeURIComponent(secret)}`)
    const version = versions.find(({ stages }) => stages.includes('ACSCurrent'))
    return { id: version.id, ...JSON.parse(version.data) }
  }

  async now() {
    return (await this.admin('GET', '/events')).last
  }
}

// With more time when it fails, since a deadline that is to pass may do so before anything else on a machine that is busy.
export async function patiently(attempt) {
  for (let deadline = 1000; deadline < 20_000; deadline *= 4) {
    try {
      return await attempt(deadline)
    } catch {
      // Once more, with more time.
    }
  }
  return attempt(20_000)
}

// Runs a program of JavaScript in a process of its own; its standard output and error, and how it ended.
export async function run(
  source,
  { flags = [], args = [], env = {}, cwd = fileURLToPath(new URL('..', import.meta.url)) } = {},
) {
  const child = spawn(process.execPath, [...flags, '--input-type=commonjs', '-e', source, '--', ...args], {
    cwd,
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (data) => (stdout += data))
  child.stderr.on('data', (data) => (stderr += data))
  const [status, signal] = await once(child, 'close')
  return { stdout, stderr, status, signal }
}
