// A cloud service that knows one AccessKey, for what the emulator's do not speak.

import { once } from 'node:events'
import { createServer } from 'node:http'

export class Service {
  // `accepted` is the id of the AccessKey that it knows; `reject` answers requests signed with another, `answer` the rest.
  // Both are given the request, with its body, and the response.
  static async start({ reject, answer }) {
    const service = new Service()
    service.requests = []
    service.server = createServer(async (request, response) => {
      const parts = []
      for await (const part of request) parts.push(part)
      request.body = Buffer.concat(parts)
      const known = `${request.url} ${request.headers.authorization}`.includes(service.accepted)
      service.requests.push(`${request.method} ${request.url.split('?')[0]} ${known ? 'accepted' : 'rejected'}`)
      await (known ? answer : reject)(request, response)
    })
    service.server.listen(0, '127.0.0.1')
    await once(service.server, 'listening')
    service.host = `127.0.0.1:${service.server.address().port}`
    return service
  }

  async stop() {
    this.server.close()
    this.server.closeAllConnections()
    await once(this.server, 'close')
  }
}
