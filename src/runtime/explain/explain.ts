// A dry run: what this Sluice would do with a request, and why, without doing any of it. Rule: nothing is dialled, resolved,
// counted or changed.
import type { LoadedConfig } from '../../config/load.ts';
import { parseAddress } from '../../core/address.ts';
import { SluiceError } from '../../core/errors.ts';
import { MemberTable } from '../../services/balance/member-table.ts';
import { OwnDoors } from '../../services/rules/own-doors.ts';
import { configuredDoors, doorAddress } from '../door-address.ts';
import type { DoorStatus } from '../door.ts';
import { type AskedUrl, askedUrl } from './asked-request.ts';
import { explainEgress } from './explain-egress.ts';
import { explainGateway, isHostOfRoute } from './explain-gateway.ts';
import type { ExplainedDoor, Explanation, Question } from './explanation.ts';
import type { Scene } from './scene.ts';

/** What is known beside the configuration where a Sluice runs. */
export interface RunningScene {
  readonly doors: readonly DoorStatus[];
  readonly members: MemberTable;
}

export async function explain(
  { config, origins }: Pick<LoadedConfig, 'config' | 'origins'>,
  question: Question,
  running: RunningScene | null,
): Promise<Explanation> {
  const open = running?.doors.flatMap(({ address }) => doorAddress(address)) ?? [];
  const doors = new OwnDoors([...configuredDoors(config), ...open]);
  const members = running?.members ?? new MemberTable({ capacity: memberCount(config) });
  const scene: Scene = { config, origins, members, doors };
  const asked = askedUrl(question);
  const { door, localPort } = chooseDoor(asked, question, scene);
  const found =
    door.name === 'egress'
      ? await explainEgress(asked, question, { ...scene, localPort })
      : await explainGateway(asked, question, { ...scene, localPort });
  return { door, from: question.from, states: running === null ? 'unknown' : 'running', ...found };
}

/** Of `Accept: text/html`, as people write it. */
export function fieldOfLine(line: string): [name: string, value: string] {
  const colon = line.indexOf(':');
  return colon < 0 ? [line, ''] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
}

interface ChosenDoor {
  readonly door: ExplainedDoor;
  readonly localPort: number;
}

function chooseDoor(asked: AskedUrl, { door: wanted, method }: Question, scene: Scene): ChosenDoor {
  const { egress, gateway } = scene.config;
  const listens = { egress: egress.listen, gateway: gateway.listen.map(({ address }) => address) };
  const choose = (name: 'egress' | 'gateway', why: string, port?: number): ChosenDoor => {
    const listen = listens[name];
    if (listen.length === 0) throw invalid(`the configuration closes this door: see ${name}.listen`);
    return { door: { name, listen, why }, localPort: port ?? portOf(listen[0]) };
  };
  if (wanted === 'egress' || wanted === 'gateway') return choose(wanted, 'as asked');
  if (wanted !== null) {
    const name = (['egress', 'gateway'] as const).find((each) => listens[each].map(portOf).includes(Number(wanted)));
    if (name === undefined) throw invalid(`no address of the egress or the gateway has the port ${wanted}`);
    return choose(name, `it listens on port ${wanted}`, Number(wanted));
  }
  if (method === 'CONNECT') return choose('egress', 'CONNECT is for proxies');
  if (listens.gateway.some((address) => leadsTo(address, asked))) return choose('gateway', 'the URL is its address');
  if (isHostOfRoute(asked, scene)) return choose('gateway', 'one of its routes is for this host');
  return listens.egress.length > 0
    ? choose('egress', 'no route names this host')
    : choose('gateway', 'there is no other');
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

function memberCount({ hops }: LoadedConfig['config']): number {
  return Object.values(hops).reduce((sum, { proxies }) => sum + proxies.length, 1);
}

function invalid(message: string): SluiceError {
  return new SluiceError('invalid_input', { message });
}
