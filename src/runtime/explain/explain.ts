// A dry run: what this Sluice would do with a request, and why, without doing any of it. Rule: nothing is dialled, resolved,
// counted or changed.
import type { Config } from '../../config/config.ts';
import type { LoadedConfig } from '../../config/load.ts';
import type { GatewayListen } from '../../config/schema/gateway.ts';
import { parseAddress } from '../../core/address.ts';
import { SluiceError } from '../../core/errors.ts';
import { MemberTable } from '../../services/balance/member-table.ts';
import { DomainLists } from '../../services/domains/domain-lists.ts';
import { DomainShelf } from '../../services/domains/domain-shelf.ts';
import { ControlGuard } from '../../services/rules/control-guard.ts';
import { OwnDoors } from '../../services/rules/own-doors.ts';
import { listsOf } from '../assemble/assemble-filter.ts';
import { configuredDoors, controlAddresses, doorAddress, doorPaths } from '../doors/door-address.ts';
import type { DoorStatus } from '../doors/door.ts';
import { type AskedUrl, askedUrl } from './asked-request.ts';
import { explainEgress } from './explain-egress.ts';
import { explainGateway, isHostOfRoute } from './explain-gateway.ts';
import type { ExplainedDoor, Explanation, Question } from './explanation.ts';
import type { Scene } from './scene.ts';

/** What is known beside the configuration where a Sluice runs. */
export interface RunningScene {
  readonly doors: readonly DoorStatus[];
  readonly members: MemberTable;
  readonly lists: DomainShelf;
  readonly backendsOf?: Scene['backendsOf'];
  readonly budgets?: Scene['budgets'];
  readonly knownNames?: Scene['knownNames'];
  readonly isDeadAccount?: Scene['isDeadAccount'];
}

export async function explain(
  { config, origins }: Pick<LoadedConfig, 'config' | 'origins'>,
  question: Question,
  running: RunningScene | null,
): Promise<Explanation> {
  const open = running?.doors.flatMap(({ address }) => doorAddress(address)) ?? [];
  const doors = new OwnDoors([...configuredDoors(config), ...open]);
  const members = running?.members ?? new MemberTable({ capacity: memberCount(config) });
  const lists = running?.lists ?? (await readLists(config));
  const { backendsOf, isDeadAccount, budgets, knownNames } = running ?? {};
  const known = {
    ...(backendsOf !== undefined && { backendsOf }),
    ...(isDeadAccount !== undefined && { isDeadAccount }),
  };
  const scene: Scene = {
    config,
    origins,
    members,
    lists,
    doors,
    budgets,
    knownNames,
    controls: controlsOf(config, running),
    ...known,
  };
  const asked = askedUrl(question);
  const { door, localPort, listen } = chooseDoor(asked, question, scene);
  const found =
    door.name === 'egress'
      ? await explainEgress(asked, question, { ...scene, localPort })
      : await explainGateway(asked, question, { ...scene, localPort, listen });
  return { door, from: question.from, states: running === null ? 'unknown' : 'running', ...found };
}

function controlsOf(config: Config, running: RunningScene | null): ControlGuard {
  const open = (running?.doors ?? []).filter(({ name }) => name === 'admin' || name === 'metrics');
  const addresses = [...controlAddresses(config), ...open.map(({ address }) => address)];
  const guard = new ControlGuard();
  guard.replace(addresses.flatMap(doorAddress), doorPaths(addresses));
  return guard;
}

/** Of `Accept: text/html`, as people write it. */
export function fieldOfLine(line: string): [name: string, value: string] {
  const colon = line.indexOf(':');
  return colon < 0 ? [line, ''] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
}

interface ChosenDoor {
  readonly door: ExplainedDoor;
  readonly localPort: number;
  /** Of the gateway, the address that the request comes in by. */
  readonly listen: GatewayListen | null;
}

function chooseDoor(asked: AskedUrl, { door: wanted, method }: Question, scene: Scene): ChosenDoor {
  const { egress, gateway } = scene.config;
  if (wanted !== null) return doorAsAsked(wanted, asked, scene);
  if (method === 'CONNECT') return egressDoor(scene, 'CONNECT is for proxies');
  const own = gateway.listen.find(({ address }) => leadsTo(address, asked));
  if (own !== undefined) return gatewayDoor(own, 'the URL is its address');
  if (isHostOfRoute(asked, scene)) return gatewayDoor(addressFor(asked, scene), 'one of its routes is for this host');
  return egress.listen.length > 0
    ? egressDoor(scene, 'no route names this host')
    : gatewayDoor(addressFor(asked, scene), 'there is no other');
}

function doorAsAsked(wanted: string, asked: AskedUrl, scene: Scene): ChosenDoor {
  const { egress, gateway } = scene.config;
  const named = gateway.listen.find(({ name }) => name === wanted);
  if (named !== undefined) return gatewayDoor(named, `it is called ${wanted}`);
  if (wanted === 'egress') return egressDoor(scene, 'as asked');
  if (wanted === 'gateway') return gatewayDoor(addressFor(asked, scene), 'as asked');
  const why = `it listens on port ${wanted}`;
  const port = Number(wanted);
  if (egress.listen.map(portOf).includes(port)) return egressDoor(scene, why, port);
  const open = gateway.listen.find(({ address }) => portOf(address) === port);
  if (open === undefined) throw invalid(`no address of the egress or the gateway has the name or port ${wanted}`);
  return gatewayDoor(open, why);
}

function egressDoor({ config: { egress } }: Scene, why: string, port?: number): ChosenDoor {
  const { listen } = egress;
  if (listen.length === 0) throw invalid('the configuration closes this door: see egress.listen');
  return { door: { name: 'egress', listen, why }, localPort: port ?? portOf(listen[0]), listen: null };
}

function gatewayDoor(listen: GatewayListen, why: string): ChosenDoor {
  const title = listen.name === null ? listen.address : `${listen.address} (${listen.name})`;
  return { door: { name: 'gateway', listen: [title], why }, localPort: portOf(listen.address), listen };
}

/** Of several addresses the first that speaks what the URL says. */
function addressFor({ isSecure, port }: AskedUrl, { config: { gateway } }: Scene): GatewayListen {
  const [first] = gateway.listen;
  if (first === undefined) throw invalid('the configuration closes this door: see gateway.listen');
  const fitting = gateway.listen.filter(({ tls }) => (tls !== null) === isSecure);
  return fitting.find(({ address }) => portOf(address) === port) ?? fitting[0] ?? first;
}

function portOf(address: string | undefined): number {
  const parsed = parseAddress(address ?? '', { host: '' });
  return parsed.kind === 'tcp' ? parsed.port : 0;
}

function leadsTo(address: string, { host, port }: AskedUrl): boolean {
  const door = doorAddress(address)[0];
  return (
    door !== undefined &&
    door.port === port &&
    (door.host === host || (door.host === '127.0.0.1' && host === 'localhost'))
  );
}

async function readLists(config: LoadedConfig['config']): Promise<DomainShelf> {
  const shelf = new DomainShelf();
  shelf.put(await new DomainLists().read(listsOf(config)));
  return shelf;
}

function memberCount({ hops, gateway, ai }: LoadedConfig['config']): number {
  const backends = gateway.routes.reduce((sum, { to }) => sum + ('backends' in to ? to.backends.length : 0), 2);
  // What is known of its quota lies beside each account.
  const accounts = [ai.providers.claude, ai.providers.chatgpt].reduce((sum, { credentials }) => {
    return credentials === 'passthrough' ? sum : sum + 2 * credentials.length;
  }, backends);
  return Object.values(hops).reduce((sum, { proxies }) => sum + proxies.length, accounts);
}

function invalid(message: string): SluiceError {
  return new SluiceError('invalid_input', { message });
}
