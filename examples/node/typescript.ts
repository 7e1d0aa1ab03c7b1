// The same as script.js with a V2.0 SDK and types: npx tsc && node built/typescript.js [PROPERTIES [STS-HOST]]

import { $OpenApiUtil } from "@alicloud/openapi-core";
import Sts20150401 from "@alicloud/sts20150401";
import { KmsakError, Provider } from "kmsak";
import { credential, renewing } from "kmsak/adapters/credentials";

async function main(
  file = "managed_credentials_providers.properties",
  host?: string,
): Promise<void> {
  const provider = await Provider.fromFile(file);
  try {
    const config = new $OpenApiUtil.Config({
      credential: credential(provider, "acs/ram/user/app"),
      endpoint: host ?? "sts.aliyuncs.com",
      protocol: host === undefined ? "https" : "http",
    });
    const sts = renewing(new Sts20150401(config));
    const { body } = await sts.getCallerIdentity();
    console.log(body?.arn);
  } finally {
    provider.close();
  }
}

main(...process.argv.slice(2)).catch((error: unknown) => {
  if (error instanceof KmsakError)
    console.error(`${error.kind}: ${error.message}`);
  else console.error(error);
  process.exitCode = 1;
});
