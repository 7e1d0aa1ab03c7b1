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

// What an operator does, by the AccessKey of the first account's administrator.
const profile = (await readFile(path.join(process.env.KMS, 'operator.ini'), 'utf8')).split('[default]')[1]
const value = (name) => profile.match(new RegExp(`^${name}=(.*)$`, 'm'))[1]
const administrator = client(value('access_key_id'), value('access_key_secret'))

// This SDK is older than instances and access points.
test('a key and a secret are made, used and deleted', async () => {
  const { keyMetadata } = await administrator.createKeyEx(new kms.CreateKeyRequest({}), runtime)
  const { keyId } = keyMetadata
  const listed = await administrator.listKeysEx(new kms.ListKeysRequest({ pageSize: 100 }), runtime)
  assert.ok(listed.keys.key.some((one) => one.keyId === keyId))
  const secretName = 'node/secret'
  const creation = { secretName, versionId: '1', secretData: 'first', encryptionKeyId: keyId }
  const request = new kms.CreateSecretRequest({ ...creation, tags: '[{"TagKey":"team","TagValue":"web"}]' })
  assert.match((await administrator.createSecretEx(request, runtime)).arn, /:secret\/node\/secret$/)
  await assert.rejects(administrator.createSecretEx(request, runtime), { code: 'Rejected.ResourceExistError' })
  const put = new kms.PutSecretValueRequest({ secretName, versionId: '2', secretData: 'second' })
  await administrator.putSecretValueEx(put, runtime)
  const named = { secretName }
  const read = await administrator.getSecretValueEx(new kms.GetSecretValueRequest(named), runtime)
  assert.equal(read.secretData, 'second')
  const listing = new kms.ListSecretVersionIdsRequest(named)
  const versions = (await administrator.listSecretVersionIdsEx(listing, runtime)).versionIds.versionId
  assert.deepEqual(versions.map((one) => one.versionId), ['2', '1'])
  const move = { ...named, versionStage: 'ACSCurrent', removeFromVersion: '2', moveToVersion: '1' }
  await administrator.updateSecretVersionStageEx(new kms.UpdateSecretVersionStageRequest(move), runtime)
  const back = await administrator.getSecretValueEx(new kms.GetSecretValueRequest(named), runtime)
  assert.equal(back.secretData, 'first')

  const disabling = new kms.DisableKeyRequest({ keyId })
  await administrator.disableKeyEx(disabling, runtime)
  const refused = administrator.getSecretValueEx(new kms.GetSecretValueRequest(named), runtime)
  await assert.rejects(refused, { code: 'Rejected.DisabledError' })
  await administrator.enableKeyEx(new kms.EnableKeyRequest({ keyId }), runtime)
  const deletion = new kms.DeleteSecretRequest({ ...named, recoveryWindowInDays: '7' })
  assert.ok((await administrator.deleteSecretEx(deletion, runtime)).plannedDeleteTime)
  const gone = administrator.getSecretValueEx(new kms.GetSecretValueRequest(named), runtime)
  await assert.rejects(gone, { code: 'Forbidden.ResourceNotFoundError' })
  await administrator.restoreSecretEx(new kms.RestoreSecretRequest(named), runtime)
  const described = await administrator.describeSecretEx(
    new kms.DescribeSecretRequest({ ...named, fetchTags: 'true' }),
    runtime,
  )
  assert.equal(described.tags.tag[0].tagKey, 'team')
})
