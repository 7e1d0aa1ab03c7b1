// As follow.c. Where standard output cannot be written to, as under wine, a third argument names a file.

import { once } from 'node:events'
import { appendFileSync } from 'node:fs'
import { Provider } from 'kmsak'

const SECRET = 'acs/ram/user/app'
const [on, off, file] = process.argv.slice(2)
const say = (line) => (file === undefined ? console.log(line) : appendFileSync(file, `${line}\n`))
const providers = [await Provider.fromFile(on), await Provider.fromFile(off)]
const ids = []
for (const provider of providers) ids.push((await provider.credentials(SECRET)).accessKeyId)
ids.forEach(say)
await once(process.stdin, 'data')
say((await providers[0].renew(SECRET, ids[0])).accessKeyId)
process.exit(0)
