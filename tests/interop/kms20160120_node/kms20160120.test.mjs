// @alicloud/kms20160120 for Node.js: RPC signatures with a RAM user's AccessKey.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'

const SECRET = 'acs/ram/user/app'
let emulator, folder, ready, operator, kms

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'kmsak-interop-'))
  const dir = path.join(folder, 'kms')
  emulator = spawn(process.env.KMSAK_BIN, ['emulator', '--dir', dir], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [line] = await once(createInterface(emulator.stdout), 'line')
  ready = JSON.parse(line)
  operator = JSON.parse(await readFile(path.join(dir, 'admin.json'), 'utf8')).operator
  kms = await import('@alicloud/kms20160120')
})

after(async () => {
  emulator.kill('SIGTERM')
  const [status] = await once(emulator, 'exit')
  await rm(folder, { recursive: true })
  assert.equal(status, 0)
})

function client(accessKeyId, accessKeySecret) {
  const Client = kms.default.default
  return new Client({
    type: 'access_key',
    accessKeyId,
    accessKeySecret,
    endpoint: new URL(ready.endpoints.shared).host,
    regionId: 'cn-hangzhou',
  })
}

// This SDK has no way to be given a CA, only to verify nothing.
const runtime = { ignoreSSL: true, autoretry: false }

async function currentVersion() {
  const answer = await fetch(`${ready.admin}/secrets?name=${SECRET}`)
  const { versions } = await answer.json()
  return versions.find((version) => version.stages.includes('ACSCurrent'))
}

test('GetSecretValue', async () => {
  const request = new kms.GetSecretValueRequest({ secretName: SECRET, versionStage: 'ACSCurrent' })
  const answer = await client(operator.accessKeyId, operator.accessKeySecret).getSecretValueEx(
    request,
    runtime,
  )
  const current = await currentVersion()
  assert.equal(answer.versionId, current.id)
  assert.deepEqual(JSON.parse(answer.secretData), JSON.parse(current.data))
})

test('a wrong AccessKey secret is refused', async () => {
  const request = new kms.GetSecretValueRequest({ secretName: SECRET })
  await assert.rejects(client(operator.accessKeyId, 'x').getSecretValueEx(request, runtime), {
    // The SDK appends a word to every code of the service.
    code: 'SignatureDoesNotMatchError',
  })
})
