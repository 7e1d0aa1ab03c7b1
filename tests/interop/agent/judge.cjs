// Calls GetCallerIdentity with the default credential chain, once for each line on standard input.
'use strict'
const readline = require('node:readline')
const { default: Credential } = require('@alicloud/credentials')
const { default: Sts } = require('@alicloud/sts20150401')

async function main() {
  const credential = new Credential()
  for await (const _ of readline.createInterface({ input: process.stdin })) {
    let answer
    try {
      const sts = new Sts({ credential, endpoint: process.env.STS, protocol: 'HTTP' })
      answer = { arn: (await sts.getCallerIdentity()).body.arn }
    } catch (error) {
      answer = { error: String(error.message) }
    }
    console.log(JSON.stringify(answer))
  }
}

main()
