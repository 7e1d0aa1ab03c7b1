// kmsak's Node.js binding as a subject of the benchmarks: see benches/README.md for the protocol.

import { once } from 'node:events'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

// Where the readers meet, in memory that they share.
const READY = 0
const BEGUN = 1

const load = () => createRequire(import.meta.url)('../../../bindings/node').Provider

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`)
// Since 1970; a double holds it to the nearest quarter of a microsecond.
const now = () => Math.round((performance.timeOrigin + performance.now()) * 1e6)
const phase = (name) => say({ phase: name, at: now() })

if (isMainThread) await serve()
else await readWithTheOthers()

async function serve() {
  phase('started')
  const [config, secret] = process.argv.slice(2)
  let Provider, provider
  for await (const line of createInterface(process.stdin)) {
    const [command, ...words] = line.split(' ')
    switch (command) {
      case 'load':
        {
          const begun = performance.now()
          Provider = load()
          // Without the wait for the command, for which Node starts its standard input first.
          const nanoseconds = Math.round((performance.now() - begun) * 1e6)
          say({ phase: 'loaded', at: now(), nanoseconds })
        }
        break
      case 'open':
        provider = Provider.fromFileSync(config)
        phase('opened')
        break
      case 'first':
        provider.credentialsSync(secret)
        phase('first')
        break
      case 'read':
        say({ nanoseconds: await read(config, secret, Number(words[0]), Number(words[1])) })
        break
      case 'slowest':
        say({ nanoseconds: slowest(provider, secret, Number(words[0])) })
        break
      case 'hang':
        // It fails when the hanging connection ends, which nobody waits for.
        provider.refresh(secret).catch(() => {})
        say({ begun: true })
        break
      case 'many':
        await crowd(Number(words[0]), words.slice(1), async (name) => {
          await provider.credentials(name)
          return true
        })
        break
      case 'renew': {
        const held = new Map(words.slice(1).map((name) => [name, provider.credentialsSync(name).accessKeyId]))
        await crowd(Number(words[0]), [...held], async ([name, rejected]) => {
          return (await provider.renew(name, rejected)).accessKeyId !== rejected
        })
        break
      }
      case 'quit':
        provider?.close()
        process.exit(0)
        break
      default:
        throw new Error(`${line}: no such command`)
    }
  }
}

/** A crowd of asynchronous tasks on one event loop: what a Node.js program has instead of threads. */
async function crowd(tasks, work, succeeds) {
  const began = process.hrtime.bigint()
  let failed = 0
  const one = async () => {
    for (const item of work) {
      const good = await succeeds(item).catch(() => false)
      if (!good) failed += 1
    }
  }
  await Promise.all(Array.from({ length: tasks }, one))
  say({ seconds: Number(process.hrtime.bigint() - began) / 1e9, failed })
}

function slowest(provider, secret, reads) {
  let most = 0n
  for (let i = 0; i < reads; i++) {
    const began = process.hrtime.bigint()
    provider.credentialsSync(secret)
    const took = process.hrtime.bigint() - began
    if (took > most) most = took
  }
  return Number(most)
}

async function read(config, secret, threads, reads) {
  const gate = new Int32Array(new SharedArrayBuffer(8))
  const workers = Array.from(
    { length: threads },
    () => new Worker(new URL(import.meta.url), { workerData: { config, secret, reads, threads, gate } }),
  )
  const ends = workers.map((worker) => once(worker, 'message'))
  const times = await Promise.all(ends)
  const first = times.reduce((least, [{ began }]) => (began < least ? began : least), times[0][0].began)
  const last = times.reduce((most, [{ ended }]) => (ended > most ? ended : most), times[0][0].ended)
  return Number(last - first)
}

async function readWithTheOthers() {
  const { config, secret, reads, threads, gate } = workerData
  const provider = load().fromFileSync(config)
  provider.credentialsSync(secret)
  if (Atomics.add(gate, READY, 1) + 1 === threads) {
    Atomics.store(gate, BEGUN, 1)
    Atomics.notify(gate, BEGUN)
  } else {
    Atomics.wait(gate, BEGUN, 0)
  }
  const began = process.hrtime.bigint()
  for (let i = 0; i < reads; i++) provider.credentialsSync(secret)
  parentPort.postMessage({ began, ended: process.hrtime.bigint() })
  provider.close()
}
