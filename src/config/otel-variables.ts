// The variables by which OpenTelemetry is configured everywhere, as values of the section `traces`. Rule: what they say stands above the
// files as any other variable does; those that are about something else than traces are not ours.

type Environment = Readonly<Record<string, string | undefined>>;

export interface OtelValue {
  /** The variable that has said it. */
  readonly name: string;
  readonly path: string;
  readonly value: string | Record<string, string>;
}

interface TextValue extends OtelValue {
  readonly value: string;
}

const DEFAULT_ENDPOINT = 'http://localhost:4318';
const NAMED = (name: string): readonly string[] => [`OTEL_EXPORTER_OTLP_TRACES_${name}`, `OTEL_EXPORTER_OTLP_${name}`];

/** In the order in which they count: later ones go over earlier ones. */
export function otelValues(env: Environment): OtelValue[] {
  const endpoint = endpointOf(env);
  // Where traces are not asked for, a protocol and a sampler that we do not have are somebody else's.
  const isAskedFor = endpoint.some(({ value }) => value !== 'null');
  const values = [
    ...endpoint,
    ...plain(env, ['OTEL_EXPORTER_OTLP_TRACES_COMPRESSION', 'OTEL_EXPORTER_OTLP_COMPRESSION'], 'compression'),
    ...plain(env, NAMED('CERTIFICATE'), 'ca'),
    ...map(env, NAMED('HEADERS'), 'headers'),
    ...millis(env, [...NAMED('TIMEOUT'), 'OTEL_BSP_EXPORT_TIMEOUT'], 'timeout'),
    ...millis(env, ['OTEL_BSP_SCHEDULE_DELAY'], 'every'),
    ...plain(env, ['OTEL_BSP_MAX_QUEUE_SIZE'], 'queue'),
    ...plain(env, ['OTEL_BSP_MAX_EXPORT_BATCH_SIZE'], 'batch'),
    ...resourceOf(env),
    ...samplerOf(env, isAskedFor),
  ];
  return isAskedFor ? [...values, ...protocolOf(env)] : values;
}

function endpointOf(env: Environment): OtelValue[] {
  const off = ['OTEL_SDK_DISABLED', 'OTEL_TRACES_EXPORTER'].find((name) => {
    return name === 'OTEL_SDK_DISABLED' ? env[name]?.toLowerCase() === 'true' : env[name] === 'none';
  });
  if (off !== undefined) return [value(off, 'endpoint', 'null')];
  const own = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'];
  if (own) return [value('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'endpoint', own)];
  const all = env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  if (all) return [value('OTEL_EXPORTER_OTLP_ENDPOINT', 'endpoint', tracesBelow(all))];
  return env['OTEL_TRACES_EXPORTER'] === 'otlp'
    ? [value('OTEL_TRACES_EXPORTER', 'endpoint', tracesBelow(DEFAULT_ENDPOINT))]
    : [];
}

function tracesBelow(base: string): string {
  return `${base.replace(/\/+$/, '')}/v1/traces`;
}

/** Collectors take JSON where they take protobuf over HTTP. */
function protocolOf(env: Environment): OtelValue[] {
  return plain(env, NAMED('PROTOCOL'), 'protocol').map((each) => {
    return { ...each, value: each.value === 'http/protobuf' ? 'http/json' : each.value };
  });
}

/** `OTEL_SERVICE_NAME` goes over what the resource says. */
function resourceOf(env: Environment): OtelValue[] {
  const name = 'OTEL_RESOURCE_ATTRIBUTES';
  const { 'service.name': service, ...resource } = pairs(env[name] ?? '');
  return [
    ...(service === undefined ? [] : [value(name, 'service_name', service)]),
    ...(Object.keys(resource).length === 0 ? [] : [value(name, 'resource', resource)]),
    ...plain(env, ['OTEL_SERVICE_NAME'], 'service_name'),
  ];
}

const SHARES: Readonly<Record<string, string>> = { always_on: '1', always_off: '0' };
const PARENT_BASED = 'parentbased_';

function samplerOf(env: Environment, isAskedFor: boolean): OtelValue[] {
  const name = 'OTEL_TRACES_SAMPLER';
  const sampler = env[name];
  if (!sampler) return [];
  const isParentBased = sampler.startsWith(PARENT_BASED);
  const kind = isParentBased ? sampler.slice(PARENT_BASED.length) : sampler;
  const share = kind === 'traceidratio' ? (env['OTEL_TRACES_SAMPLER_ARG'] ?? '1') : SHARES[kind];
  const said = kind === 'traceidratio' && env['OTEL_TRACES_SAMPLER_ARG'] ? 'OTEL_TRACES_SAMPLER_ARG' : name;
  if (share === undefined && !isAskedFor) return [];
  // A sampler that we do not have fails as a share, with the name of its variable.
  return [value(name, 'follow_parent', String(isParentBased)), value(said, 'sample', share ?? sampler)];
}

function plain(env: Environment, names: readonly string[], key: string): TextValue[] {
  const name = names.find((each) => env[each]);
  return name === undefined ? [] : [{ name, path: `traces.${key}`, value: env[name] ?? '' }];
}

function millis(env: Environment, names: readonly string[], key: string): OtelValue[] {
  return plain(env, names, key).map((each) => ({ ...each, value: `${each.value}ms` }));
}

function map(env: Environment, names: readonly string[], key: string): OtelValue[] {
  return plain(env, names, key).map((each) => ({ ...each, value: pairs(each.value) }));
}

/** `a=1,b=two%20words`; what is no pair is left out. */
function pairs(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const pair of text.split(',')) {
    const at = pair.indexOf('=');
    if (at > 0) found[pair.slice(0, at).trim()] = decoded(pair.slice(at + 1).trim());
  }
  return found;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function value(name: string, key: string, content: OtelValue['value']): OtelValue {
  return { name, path: `traces.${key}`, value: content };
}
