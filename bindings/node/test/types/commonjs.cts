import kmsak = require('kmsak')
import { Provider } from 'kmsak'
import adapter = require('kmsak/adapters/credentials')

const provider: kmsak.Provider = Provider.fromFileSync('x')
void adapter.credential(provider, 'acs/ram/user/app').getCredential()
