// The conformance driver for Node.js; see tests/conformance/README.md.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { inspect } from "node:util";
import {
  Credentials,
  forwardLogs,
  KmsakError,
  Provider,
  Secret,
} from "../../../../bindings/node/lib/index.mjs";

// Types are gone at run time: what people declare by hand is what the language has.
const declarations = readFileSync(
  new URL("../../../../bindings/node/lib/index.d.ts", import.meta.url),
  "utf8",
).replace(/\/\*\*[^]*?\*\//g, "");

function body(head) {
  const start = declarations.indexOf(head);
  if (start < 0) throw new Error(`index.d.ts has no ${head}`);
  const end = declarations.indexOf("\n}", start);
  return declarations.slice(declarations.indexOf("{", start) + 1, end);
}

// The members of an interface on its own level.
function members(text) {
  return [...text.matchAll(/^ {2}(?:readonly )?(\w+)\??:/gm)].map(
    ([, name]) => name,
  );
}

// The members of an object that is written between two braces.
function inline(text) {
  return [...text.matchAll(/(\w+)\??:/g)].map(([, name]) => name);
}

const EVENTS = Object.fromEntries(
  [...body("interface ProviderEvents").matchAll(/^ {2}(\w+): \[(.*)\]/gm)]
    .filter(([, name]) => name !== "close")
    .map(([, name, told]) => [name, inline(told)]),
);

function described() {
  const stats = body("interface Stats ");
  const list = (name) =>
    inline(new RegExp(`^ {2}${name}: \\{([^]*?)\\}\\[\\]`, "m").exec(stats)[1]);
  const options = members(body("interface ClientKeyOptions"));
  const connection = members(body("interface ConnectionOptions"));
  const read = (kind) => Object.getOwnPropertyNames(kind.prototype);
  return {
    language: "node",
    options: [
      ...options,
      ...connection,
      ...members(body("interface IdentityOptions")),
      ...members(body("interface ProviderOptions")),
    ],
    gateway_options: [
      ...options,
      ...connection,
      ...members(body("interface GatewayOptions")),
    ],
    events: EVENTS,
    stats: {
      stats: members(stats),
      secretStats: list("secrets"),
      endpointStats: list("endpoints"),
      clientKeyStats: list("clientKeys"),
      identityInfo: list("identities"),
    },
    error_kinds: [
      ...declarations
        .slice(
          declarations.indexOf("type ErrorKind"),
          declarations.indexOf("class KmsakError"),
        )
        .matchAll(/\| '(\w+)'/g),
    ].map(([, kind]) => kind),
    error: ["message", ...members(body("class KmsakError"))],
    secret: read(Secret),
    credentials: read(Credentials),
    provider: [...read(Provider), ...Object.getOwnPropertyNames(Provider)],
  };
}

const lines = [];
const texts = [];
let provider;
let events = [];
let told = () => {};

forwardLogs((_level, line) => lines.push(line), "trace");

const operations = {
  async open({ file }) {
    return opened(await Provider.fromFile(file));
  },
  open_code({ gateway: { region_id, endpoint, ca_file }, options }) {
    const named = Object.entries(options).map(([name, value]) => [
      camelCase(name),
      value,
    ]);
    const gateway = {
      type: "shared",
      regionId: region_id,
      endpoint,
      caFile: ca_file,
    };
    return opened(
      new Provider({ gateways: [gateway], ...Object.fromEntries(named) }),
    );
  },
  describe: described,
  async credentials({ name }) {
    return credentials(await provider.credentials(name));
  },
  async renew({ name, rejected_id }) {
    return credentials(await provider.renew(name, rejected_id));
  },
  async secret({ name }) {
    return secret(await provider.secret(name));
  },
  async refresh({ name }) {
    return secret(await provider.refresh(name));
  },
  async call({ name, code, message, rejects }) {
    let runs = 0;
    try {
      const access_key_id = await provider.call(
        name,
        async ({ accessKeyId }) => {
          runs++;
          if (rejects.includes(accessKeyId))
            throw Object.assign(new Error(message ?? "rejected"), { code });
          return accessKeyId;
        },
      );
      return { access_key_id, runs };
    } catch (error) {
      if (error instanceof KmsakError) throw error;
      return { service_error: error.code, runs };
    }
  },
  async concurrently({ threads, do: request }) {
    return {
      answers: await Promise.all(
        Array.from({ length: threads }, () => answer(request)),
      ),
    };
  },
  async wait_event({ name }) {
    const wanted = camelCase(name);
    const deadline = Date.now() + 60_000;
    for (;;) {
      while (events.length > 0) {
        const [happened, event] = events.shift();
        if (happened === wanted) return fields(event);
      }
      const left = deadline - Date.now();
      if (left <= 0) throw { kind: "timeout", message: `no ${name} came` };
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, left);
        told = () => (clearTimeout(timer), resolve());
      });
    }
  },
  stats() {
    const { clockSkew, ...lists } = provider.stats();
    return { ...fields(lists), clock_skew_milliseconds: clockSkew };
  },
  is_rejection({ code, message }) {
    return { is_rejection: provider.isRejection(code, message) };
  },
  shown: () => ({ texts }),
  logs: () => ({ lines }),
  close() {
    provider.close();
    return {};
  },
};

function show(value) {
  texts.push(
    inspect(value, { depth: Infinity, showHidden: true }),
    JSON.stringify(value),
    String(value),
  );
}

function credentials(value) {
  show(value);
  const { accessKeyId, accessKeySecret, versionId } = value;
  return {
    access_key_id: accessKeyId,
    access_key_secret: accessKeySecret,
    version_id: versionId,
  };
}

function secret(value) {
  show(value);
  const {
    name,
    secretType,
    text = null,
    bytes,
    binary,
    versionId,
    versionStages,
  } = value;
  return {
    name,
    secret_type: secretType,
    text,
    base64: bytes.toString("base64"),
    binary,
    version_id: versionId,
    version_stages: versionStages,
  };
}

const DURATIONS = new Set([
  "age",
  "latency",
  "nextRefreshIn",
  "nextTryIn",
  "staleFor",
  "throttledFor",
]);

function fields(object) {
  const answered = {};
  for (const [name, value] of Object.entries(object)) {
    answered[snakeCase(name)] =
      value instanceof KmsakError
        ? parts(value)
        : Array.isArray(value)
          ? value.map(fields)
          : DURATIONS.has(name)
            ? value / 1000
            : value;
  }
  return answered;
}

function parts({
  kind,
  code = null,
  requestId = null,
  retryable = false,
  message,
  cause,
}) {
  return {
    kind,
    code,
    request_id: requestId,
    retryable,
    message,
    cause: cause?.message ?? null,
  };
}

function opened(next) {
  provider = next;
  show(provider);
  const mine = (events = []);
  for (const name of Object.keys(EVENTS)) {
    provider.on(name, (event) => {
      show(event);
      mine.push([name, event]);
      told();
    });
  }
  return {};
}

function camelCase(name) {
  return name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
}

function snakeCase(name) {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

async function answer(request) {
  try {
    return { ok: await operations[request.op](request) };
  } catch (error) {
    if (error instanceof KmsakError) show(error);
    return { error: parts(error) };
  }
}

for await (const line of createInterface(process.stdin)) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
}
