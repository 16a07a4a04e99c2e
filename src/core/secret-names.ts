// Which names promise a secret: of header fields, of query parameters, of fields in the log and in answers.
// Rule: the name alone decides; case and separators don't matter.

/** How a name ends that means a secret wherever it stands: `db_password`, `X-Api-Key`, `accessToken`. Not `max_tokens`. */
const SECRET_ENDING =
  /(?:token|secret|passw(?:or)?d|passphrase|pwd|(?:api|private|secret|access|auth|session|signing|encryption|master)key|credentials?|signature|authorization|cookies?|jwt|tokensha256)$/;

/** Names that mean a secret in a query, but something harmless in a field of the log (`code: 'upstream_timeout'`). */
const SECRET_PARAMETER =
  /^(?:assertion|clientassertion|auth|code|codeverifier|hmac|jsessionid|key|otp|pass|phpsessid|samlresponse|session|sessionid|sid|sig|ticket)$/;

const SECRET_HEADER = /(?:key|auth)$|signature/;
const HARMLESS_HEADER = /^(?:secwebsocketkey|idempotencykey|surrogatekey|cachekey)$/;

/** A field of an object. */
export function isSecretField(name: string): boolean {
  return SECRET_ENDING.test(normalise(name));
}

export function isSecretHeader(name: string): boolean {
  const plain = normalise(name);
  return (SECRET_ENDING.test(plain) || SECRET_HEADER.test(plain)) && !HARMLESS_HEADER.test(plain);
}

/** A parameter of a query, percent-decoded. */
export function isSecretParameter(name: string): boolean {
  const plain = normalise(name);
  return SECRET_ENDING.test(plain) || SECRET_PARAMETER.test(plain);
}

function normalise(name: string): string {
  return name.toLowerCase().replace(/[-_.\s[\]]/g, '');
}
