// GET / and /assets: the dashboard for browsers, a few lines of text for everybody else. Rule: these files are the same for all and hold nothing of
// this Sluice, so they want no token; the page may load and ask nothing but this door.

import { VERSION } from '../../runtime/version.ts';
import type { AdminApp, AdminContext, AdminParts } from '../admin-env.ts';
import { answerError } from '../admin-errors.ts';
import type { DashboardFile } from '../dashboard-files.ts';

const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const welcome = (host: string, remark: string): string => `Sluice ${VERSION}, admin door.
${remark}
The API is under /api/v1 and described in /api/v1/openapi.json. It wants a token:

  curl -H "Authorization: Bearer $TOKEN" http://${host}/api/v1/status

or, on this machine:  sluice status
`;

const NOT_BUILT = '\nThe dashboard is not built. In a checkout:  npm run build\n';

export function addDashboardRoutes(app: AdminApp, { sluice, dashboard }: AdminParts): void {
  const isOn = (): boolean => sluice.loaded.config.admin.dashboard;
  app.get('/', (context) => {
    const wantsPage = isOn() && (context.req.header('Accept') ?? '').includes('text/html');
    const built = wantsPage ? dashboard() : null;
    context.header('Vary', 'Accept, Accept-Encoding');
    if (built === null) return context.text(welcome(context.req.header('Host') ?? '', wantsPage ? NOT_BUILT : ''));
    context.header('Content-Security-Policy', PAGE_POLICY);
    return serve(context, built.page, 'no-cache');
  });
  app.get('/assets/:name', (context) => {
    const file = isOn() ? dashboard()?.assets.get(context.req.param('name')) : undefined;
    if (file === undefined) return answerError(context, 'not_found');
    context.header('Vary', 'Accept-Encoding');
    return serve(context, file, 'public, max-age=31536000, immutable');
  });
}

function serve(context: AdminContext, file: DashboardFile, cacheControl: string): Response {
  context.header('Cache-Control', cacheControl);
  context.header('ETag', file.etag);
  if ((context.req.header('If-None-Match') ?? '').includes(file.etag)) return context.newResponse(null, 304);
  context.header('Content-Type', file.type);
  const accepted = context.req.header('Accept-Encoding') ?? '';
  if (file.br !== null && accepts(accepted, 'br')) return encoded(context, 'br', file.br);
  if (file.gzip !== null && accepts(accepted, 'gzip')) return encoded(context, 'gzip', file.gzip);
  return context.newResponse(file.plain);
}

function encoded(context: AdminContext, encoding: string, body: Buffer<ArrayBuffer>): Response {
  context.header('Content-Encoding', encoding);
  return context.newResponse(body);
}

function accepts(accepted: string, encoding: string): boolean {
  return accepted.split(',').some((each) => {
    const [name, quality] = each.split(';', 2).map((part) => part.trim());
    return name?.toLowerCase() === encoding && !/^q=0(?:\.0*)?$/i.test(quality ?? '');
  });
}
