// The conformance driver for Node.js; see tests/conformance/README.md.

import { createInterface } from "node:readline";
import { inspect } from "node:util";
import {
  forwardLogs,
  KmsakError,
  Provider,
} from "../../../../bindings/node/lib/index.mjs";

const EVENTS = [
  "fetched",
  "rotated",
  "refreshFailed",
  "rotationBroken",
  "endpointDown",
  "endpointUp",
  "clientKeyExpiring",
  "clientKeyReplaced",
  "clientKeyUnusable",
  "cacheFileUsed",
];
const lines = [];
const texts = [];
let provider;
let events = [];
let told = () => {};

forwardLogs((_level, line) => lines.push(line), "trace");

const operations = {
  async open({ file }) {
    provider = await Provider.fromFile(file);
    show(provider);
    const mine = (events = []);
    for (const name of EVENTS) {
      provider.on(name, (event) => {
        show(event);
        mine.push([name, event]);
        told();
      });
    }
    return {};
  },
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
    const deadline = Date.now() + 10_000;
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
    const { secrets, endpoints, clientKeys, clockSkew } = provider.stats();
    return {
      secrets: secrets.map(({ lastError, ...rest }) => fields(rest)),
      endpoints: endpoints.map(fields),
      client_keys: clientKeys.map(({ notBefore, notAfter, ...rest }) =>
        fields(rest),
      ),
      clock_skew_milliseconds: clockSkew,
    };
  },
  is_rejection({ code, message }) {
    return { is_rejection: provider.isRejection(code, message) };
  },
  shown: () => ({ texts }),
  async logs() {
    // What was logged so far may still be on its way to the event loop.
    await new Promise((resolve) => setTimeout(resolve, 20));
    return { lines };
  },
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
]);

function fields(object) {
  const answered = {};
  for (const [name, value] of Object.entries(object)) {
    answered[snakeCase(name)] =
      value instanceof KmsakError
        ? parts(value)
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
}) {
  return { kind, code, request_id: requestId, retryable, message };
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
