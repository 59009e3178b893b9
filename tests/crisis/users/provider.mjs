// A real OpenID Connect provider for the tests: node-oidc-provider, certified, with its own sign-in pages. Whoever signs in as
// "kari" is in the groups that the environment says. Prints its port when it listens; ends with its standard input.
import { createServer } from "node:http";
import Provider from "oidc-provider";

const { REDIRECT, PEOPLE } = process.env;
const people = JSON.parse(PEOPLE);
const server = createServer();

server.listen(0, "127.0.0.1", () => {
  const { port } = server.address();
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    clients: [{ client_id: "crisis", client_secret: "a-client-secret-of-a-test", redirect_uris: [REDIRECT] }],
    claims: { profile: ["name", "groups"] },
    conformIdTokenClaims: false,
    cookies: { keys: ["a cookie key of a test"] },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true } },
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, ...(people[id] ?? {}) }) }),
  });
  server.on("request", provider.callback());
  console.log(port);
});
process.stdin.on("end", () => process.exit()).resume();
