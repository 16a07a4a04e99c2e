// Turns what the configuration says of `auth` into a policy. Rule: whoever is asked about clients is reached like any backend.
import { asksUsers, type AuthPolicy, type ForwardAuth } from '../../config/schema/policies-auth.ts';
import type { Policy } from '../../contract/policy.ts';
import type { UserDirectory } from '../../services/identity/user-directory.ts';
import { auth, forwardAuth, originOfUrl } from '../registry.ts';

/** A connection that was kept may have been closed meanwhile, and asking again does no harm. */
const ATTEMPTS = 2;

export function assembleAuth(settings: Exclude<AuthPolicy, 'none'>, users: UserDirectory): Policy {
  if (!asksUsers(settings)) return forwarded(settings);
  const { realm, user_header: userHeader } = settings === 'users' ? { realm: 'Sluice', user_header: null } : settings;
  return auth({ users, permission: 'gateway', realm, userHeader });
}

function forwarded(settings: ForwardAuth): Policy {
  const { protocol, host, pathname, search } = new URL(settings.forward.replace(/^h2c:/, 'http:'));
  const scheme = settings.forward.startsWith('h2c:') ? 'h2c:' : protocol;
  const origin = originOfUrl(`${scheme}//${host}`, { host: 'backend' });
  return forwardAuth({
    target: { kind: 'forward', maxAttempts: ATTEMPTS, select: () => origin },
    path: pathname + search,
    url: settings.forward,
    requestHeaders: settings.request_headers,
    responseHeaders: settings.response_headers,
    answerHeaders: settings.answer_headers,
    userFrom: settings.user_from,
    timeoutMs: settings.timeout,
  });
}
