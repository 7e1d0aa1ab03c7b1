"use strict";

// Who am I? Asks STS with the AccessKey of the hour: node script.js [PROPERTIES [STS-ENDPOINT]]

const { RPCClient } = require("@alicloud/pop-core");
const { Provider } = require("kmsak");
const { createClient } = require("kmsak/adapters/pop-core");

async function main([
  file = "managed_credentials_providers.properties",
  endpoint = "https://sts.aliyuncs.com",
]) {
  const provider = await Provider.fromFile(file);
  provider.on("rotated", ({ oldAccessKeyId, newAccessKeyId }) => {
    console.error(`rotated from ${oldAccessKeyId} to ${newAccessKeyId}`);
  });
  const sts = createClient(RPCClient, provider, "acs/ram/user/app", {
    endpoint,
    apiVersion: "2015-04-01",
  });
  const { Arn } = await sts.request("GetCallerIdentity", {});
  console.log(Arn);
  provider.close();
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
