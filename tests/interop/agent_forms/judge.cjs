// Reads the AccessKey's id through the agent with node-vault, from both versions of the engine.
const { AGENT, TOKEN, SECRET } = process.env

async function main() {
  const vault = require('node-vault')({ apiVersion: 'v1', endpoint: AGENT, token: TOKEN })
  console.log((await vault.read(`secret/data/${SECRET}`)).data.data.AccessKeyId)
  console.log((await vault.read(`secret/${SECRET}`)).data.AccessKeyId)
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
