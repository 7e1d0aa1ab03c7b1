import adapter from './credentials.js'

export const { credential, credentialsProvider, renewing } = adapter
