// A Node client: `client.mjs KIND URL`, KIND of https, agent, undici. Prints the status.
//
// Roots come from NODE_EXTRA_CA_CERTS, which Node itself reads; the proxy from HTTPS_PROXY, when it is set.
import https from "node:https";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [kind, url] = process.argv.slice(2);
const proxy = process.env.HTTPS_PROXY;
const require = createRequire(`${process.cwd()}/x.js`);
const load = (name) => import(pathToFileURL(require.resolve(name)));

if (kind === "undici") {
  const { ProxyAgent, request } = await load("undici");
  const answer = await request(url, proxy ? { dispatcher: new ProxyAgent(proxy) } : {});
  console.log(answer.statusCode);
  process.exit(0);
}
let agent;
if (proxy) {
  const { HttpsProxyAgent } = await import(pathToFileURL(`${process.cwd()}/node_modules/https-proxy-agent/dist/index.js`));
  agent = new HttpsProxyAgent(proxy);
}
https.get(url, { agent }, (answer) => {
  console.log(answer.statusCode);
  process.exit(0);
});
