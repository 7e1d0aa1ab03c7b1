"use strict";

// An Express server that lists OSS buckets: PORT=3000 OSS_ENDPOINT=... node server.js [PROPERTIES]

const OSS = require("ali-oss");
const express = require("express");
const { Provider } = require("kmsak");
const { createClient } = require("kmsak/adapters/ali-oss");

const NAME = "acs/ram/user/app";

// Start-up code may wait: a server without an AccessKey should not come up.
const provider = Provider.fromFileSync(
  process.argv[2] ?? "managed_credentials_providers.properties",
);
provider.credentialsSync(NAME);
provider.on("refreshFailed", ({ secret, error }) =>
  console.error(`${secret}: ${error.message}`),
);
provider.on("clientKeyExpiring", ({ daysLeft }) =>
  console.error(`the ClientKey expires in ${daysLeft} days`),
);

const oss = createClient(OSS, provider, NAME, {
  region: "oss-cn-hangzhou",
  endpoint: process.env.OSS_ENDPOINT,
});
const app = express();

app.get("/buckets", async (_request, response) => {
  const { buckets } = await oss.listBuckets();
  response.json((buckets ?? []).map(({ name }) => name));
});

// No secret is in it.
app.get("/health", (_request, response) => {
  response.json(provider.stats());
});

const server = app.listen(process.env.PORT ?? 3000, () =>
  console.log(`listening on ${server.address().port}`),
);

process.once("SIGTERM", () => {
  server.close();
  server.closeIdleConnections();
  provider.close();
});
