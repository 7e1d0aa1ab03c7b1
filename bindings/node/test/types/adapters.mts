// The adapters with the types of the SDKs.

import AlicloudCredential from '@alicloud/credentials'
import { $OpenApiUtil } from '@alicloud/openapi-core'
import RPCClient from '@alicloud/pop-core'
import Sts20150401 from '@alicloud/sts20150401'
import OSS from 'ali-oss'
import { Provider } from 'kmsak'
import { createClient as createOssClient } from 'kmsak/adapters/ali-oss'
import { credential, credentialsProvider, renewing } from 'kmsak/adapters/credentials'
import { createClient as createPopClient } from 'kmsak/adapters/pop-core'

const provider = await Provider.fromEnv()
const name = 'acs/ram/user/app'

// These packages are CommonJS with a default export, which TypeScript sees one level deeper from a module.
const sts: Sts20150401.default = renewing(
  new Sts20150401.default(
    new $OpenApiUtil.Config({ credential: credential(provider, name), endpoint: 'sts.aliyuncs.com' }),
  ),
)
const identity: string | undefined = (await sts.getCallerIdentity()).body?.arn
void identity
new AlicloudCredential.default(null, credentialsProvider(provider, name))

const rpc: RPCClient = createPopClient(RPCClient, provider, name, {
  endpoint: 'https://sts.aliyuncs.com',
  apiVersion: '2015-04-01',
})
void rpc.request('GetCallerIdentity', {})

const oss: OSS = createOssClient(OSS, provider, name, { region: 'oss-cn-hangzhou', bucket: 'a-bucket' })
void oss.listBuckets({})

// @ts-expect-error an AccessKey of one's own has no place here
createOssClient(OSS, provider, name, { region: 'oss-cn-hangzhou', accessKeyId: 'x', accessKeySecret: 'y' })
// @ts-expect-error the endpoint is missing
createPopClient(RPCClient, provider, name, { apiVersion: '2015-04-01' })
