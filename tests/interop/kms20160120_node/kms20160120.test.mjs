// @alicloud/kms20160120 for Node.js: RPC signatures with a RAM user's AccessKey.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import kms from '@alicloud/kms20160120'

const SECRET = 'acs/ram/user/app'
// The folder of a running emulator, whose CA this process trusts.
const ready = JSON.parse(await readFile(path.join(process.env.KMS, 'admin.json'), 'utf8'))
const operator = ready.operator

function client(accessKeyId, accessKeySecret, gateway = 'shared') {
  return new kms.default({
    type: 'access_key',
    accessKeyId,
    accessKeySecret,
    endpoint: new URL(ready.endpoints[gateway]).host,
    regionId: 'cn-hangzhou',
  })
}

const runtime = { autoretry: false }

async function currentVersion() {
  const answer = await fetch(`${ready.admin}/secrets?name=${SECRET}`)
  const { versions } = await answer.json()
  return versions.find((version) => version.stages.includes('ACSCurrent'))
}

// First, before any connection is kept alive.
test('a certificate of another CA is refused', async () => {
  const faults = `${ready.admin}/faults`
  const fault = { kind: 'wrong_certificate', certificate: 'other_ca', endpoints: ['shared'] }
  await fetch(faults, { method: 'POST', body: JSON.stringify(fault) })
  const request = new kms.GetSecretValueRequest({ secretName: SECRET })
  const asking = client(operator.accessKeyId, operator.accessKeySecret).getSecretValueEx(request, runtime)
  await assert.rejects(asking, /certificate/)
  await fetch(faults, { method: 'DELETE' })
})

for (const gateway of ['shared', 'instance']) {
  test(`GetSecretValue through the ${gateway} gateway`, async () => {
    const asking = client(operator.accessKeyId, operator.accessKeySecret, gateway)
    const request = new kms.GetSecretValueRequest({ secretName: SECRET, versionStage: 'ACSCurrent' })
    const answer = await asking.getSecretValueEx(request, runtime)
    const current = await currentVersion()
    assert.equal(answer.versionId, current.id)
    assert.deepEqual(JSON.parse(answer.secretData), JSON.parse(current.data))
  })
}

test('a wrong AccessKey secret is refused', async () => {
  const request = new kms.GetSecretValueRequest({ secretName: SECRET })
  await assert.rejects(client(operator.accessKeyId, 'x').getSecretValueEx(request, runtime), {
    // The SDK appends a word to every code of the service.
    code: 'SignatureDoesNotMatchError',
  })
})
