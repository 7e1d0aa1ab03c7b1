// As follow.c. Where pipes are of no use, as under wine, a third argument names a file to write to, and FILE.go is waited for.

import { once } from 'node:events'
import { appendFileSync, existsSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { Provider } from 'kmsak'

const SECRET = 'acs/ram/user/app'
const [on, off, file] = process.argv.slice(2)
const say = (line) => (file === undefined ? console.log(line) : appendFileSync(file, `${line}\n`))
const providers = [await Provider.fromFile(on), await Provider.fromFile(off)]
const ids = []
for (const provider of providers) ids.push((await provider.credentials(SECRET)).accessKeyId)
ids.forEach(say)
if (file === undefined) await once(process.stdin, 'data')
else while (!existsSync(`${file}.go`)) await setTimeout(100)
say((await providers[0].renew(SECRET, ids[0])).accessKeyId)
process.exit(0)
