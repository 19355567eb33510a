import type { AgentCapabilities, AgentCard, AgentSkill, SecurityScheme } from '../protocol/v1.ts';
import { a2aV1 } from '../protocol/v1.schema.ts';
import { checkDefinition } from '../protocol/validate.ts';
import type { Version } from '../protocol/version.ts';
import { ConfigError } from './config-error.ts';
import { PUSH_STATUS } from './push-configs.ts';
import { RESUMABLE_STREAM } from './service.ts';

/**
 * What an agent says about itself (§4.4.1). Only name, description and version are required: no skills is one skill
 * `default`, no modes are `text/plain`, capabilities and interfaces come from the wiring. Of `capabilities` only
 * `extensions` is the author's to give.
 */
export type CardOptions = Pick<AgentCard, 'name' | 'description' | 'version'> &
  Partial<Omit<AgentCard, 'capabilities' | 'supportedInterfaces' | 'signatures'>> & {
    capabilities?: AgentCapabilities;
    /**
     * What clients get that do not say which version they speak: the card of 1.0 with what clients of 0.3 look for in
     * it, or without. @defaultValue 'hybrid' where 0.3 is served, also to calls without a tenant, and no key signs the card; else 'pure'
     */
    compat?: 'hybrid' | 'pure';
  };

/** The versions of A2A that a router serves. */
export type Versions = readonly Version[];

/** The bindings of A2A that a router serves, as the card names them (§9, §11). */
export type BindingName = 'JSONRPC' | 'HTTP+JSON';

/** The card as the server knows it. */
export interface CardSource {
  /** What calls are held to; the same under every address. */
  readonly card: Omit<AgentCard, 'supportedInterfaces'>;
  /** The card as seen by clients that reach the agent under this URL. */
  readonly at: (url: string) => AgentCard;
  /** The same, signed where keys were given. */
  readonly published: (url: string) => Promise<AgentCard>;
  /** Which card is for clients that do not say what they speak. */
  readonly compat: 'hybrid' | 'pure';
}

/** What the card tells of the router. */
export interface CardWiring {
  readonly extendedAgentCard?: boolean;
  readonly pushNotifications?: boolean;
  /** Each has an interface; '' stands for calls that name none. @defaultValue [''] */
  readonly tenants?: readonly string[];
  /** Each has an interface. @defaultValue ['1.0'] */
  readonly versions?: Versions;
  /** Each has an interface, but for 0.3, which has one by JSON-RPC only. @defaultValue ['JSONRPC'] */
  readonly bindings?: readonly BindingName[];
  readonly sign?: (card: AgentCard) => Promise<AgentCard>;
}

type Served = Required<Pick<CardWiring, 'versions' | 'bindings' | 'tenants'>>;

type Wired = Readonly<Record<'streaming' | 'pushNotifications' | 'extendedAgentCard', boolean>>;

/** Builds the card and checks it. Throws a ConfigError that names the field. */
export function createCard(given: CardOptions, wiring: CardWiring = {}): CardSource {
  const {
    extendedAgentCard = false,
    pushNotifications = false,
    tenants = [''],
    versions = ['1.0'],
    bindings = ['JSONRPC'],
    sign,
  } = wiring;
  const served: Served = { versions, bindings, tenants };
  const wired: Wired = { streaming: true, pushNotifications, extendedAgentCard };
  // 0.3 knows no tenants, and the signature of the card of 1.0 does not cover what is added to it
  const isHybrid = versions.includes('0.3') && tenants.includes('') && sign === undefined;
  const usual = isHybrid ? 'hybrid' : 'pure';
  const { compat = usual, ...options } = copyOf(given);
  checkCompat(compat, versions);
  refuseUnknown(options, wired);
  const extensions = listExtensions(options, pushNotifications);
  const { name, description, version } = options;
  const { supportedInterfaces: _, ...card } = checked({
    // first what people look for
    ...{ name, description, version },
    ...defaults(options),
    ...options,
    capabilities: { ...wired, extensions },
    supportedInterfaces: interfaces('http://127.0.0.1/', served),
  });
  checkSecurity(card);
  for (const { uri = '' } of card.capabilities.extensions ?? []) checkUri(uri);
  const at = (url: string): AgentCard => ({
    ...card,
    supportedInterfaces: interfaces(url, served),
  });
  return { card, compat, at, published: async (url) => sign?.(at(url)) ?? at(url) };
}

/** As it would look on the wire: without what is undefined, and safe from later changes. */
function copyOf(given: CardOptions): CardOptions {
  const fields: unknown = given;
  if (typeof fields !== 'object' || fields === null) {
    throw new ConfigError(
      'ERR_A2A_CARD',
      'Option `card` must be an object with name, description and version',
    );
  }
  return JSON.parse(JSON.stringify(given)) as CardOptions; // checked field by field before it is used
}

function defaults({
  name,
  description,
}: CardOptions): Pick<AgentCard, 'skills' | 'defaultInputModes' | 'defaultOutputModes'> {
  const skill: AgentSkill = { id: 'default', name, description, tags: ['general'] };
  return { skills: [skill], defaultInputModes: ['text/plain'], defaultOutputModes: ['text/plain'] };
}

function listExtensions(
  { capabilities }: CardOptions,
  pushNotifications: boolean,
): NonNullable<AgentCapabilities['extensions']> {
  const given: unknown = capabilities?.extensions ?? [];
  if (!Array.isArray(given)) throw wrong('capabilities.extensions', 'must be a list');
  const resumable = {
    uri: RESUMABLE_STREAM,
    description: 'Streams carry event ids, and SubscribeToTask goes on after the one in Last-Event-ID.',
    required: false,
  };
  const pushStatus = {
    uri: PUSH_STATUS,
    description: 'A webhook that is read tells how its deliveries go, in its field `delivery`.',
    required: false,
  };
  const own = pushNotifications ? [resumable, pushStatus] : [resumable];
  // checked with the whole card, where a fault has its place in the list
  const extensions = given as NonNullable<AgentCapabilities['extensions']>;
  const isOwn = (extension: unknown) =>
    typeof extension === 'object' &&
    extension !== null &&
    'uri' in extension &&
    own.some(({ uri }) => uri === extension.uri);
  return [...extensions.filter((extension) => !isOwn(extension)), ...own];
}

/** A field that clients never see is a field that somebody believes they see. */
function refuseUnknown(options: CardOptions, wired: Wired): void {
  const known: object = a2aV1.$defs.AgentCard.properties;
  for (const field of Object.keys(options)) {
    if (field === 'supportedInterfaces') {
      throw wrong(field, 'is made by the router: set option `publicUrl` to the address clients use');
    }
    if (field === 'signatures') throw wrong(field, 'can not be given: pass keys as option `signCard`');
    if (!Object.hasOwn(known, field))
      throw wrong(field, 'is no field of an agent card of A2A 1.0: remove it');
  }
  const capabilities: unknown = options.capabilities ?? {};
  if (typeof capabilities !== 'object' || capabilities === null)
    throw wrong('capabilities', 'must be an object');
  for (const [field, value] of Object.entries(capabilities)) {
    if (field === 'extensions' || value === undefined) continue;
    if (!Object.hasOwn(wired, field))
      throw wrong(`capabilities.${field}`, 'is no capability of A2A 1.0: remove it');
    const fact = wired[field as keyof Wired]; // one of its keys, by the check above
    if (value !== fact) {
      throw wrong(`capabilities.${field}`, `is ${String(fact)} as the router is wired: remove it`);
    }
  }
}

/** One for each version, binding and tenant; '' is the tenant that is not named, and the only one that 0.3 knows. */
function interfaces(url: string, { versions, bindings, tenants }: Served): AgentCard['supportedInterfaces'] {
  // the paths of HTTP+JSON begin with a slash of their own
  const base = url.replace(/\/+$/, '');
  return versions.flatMap((protocolVersion) =>
    bindings
      .filter((binding) => binding === 'JSONRPC' || protocolVersion !== '0.3')
      .flatMap((protocolBinding) =>
        tenants
          .filter((tenant) => tenant === '' || protocolVersion !== '0.3')
          .map((tenant) => ({
            ...{ url: protocolBinding === 'JSONRPC' ? url : base, protocolBinding, protocolVersion },
            ...(tenant !== '' && { tenant }),
          })),
      ),
  );
}

function checkCompat(compat: unknown, versions: Versions): void {
  if (compat !== 'hybrid' && compat !== 'pure') throw wrong('compat', "must be 'hybrid' or 'pure'");
  if (compat === 'hybrid' && !versions.includes('0.3'))
    throw wrong('compat', 'is for a router that serves A2A 0.3: remove it, or add 0.3 to `versions`');
}

function checked(card: unknown): AgentCard {
  const result = checkDefinition('AgentCard', card);
  if ('value' in result) return result.value;
  const [first] = result.violations;
  throw wrong(first?.field ?? 'card', first?.description ?? 'is not valid');
}

function checkSecurity({ securitySchemes = {}, securityRequirements, skills }: CardSource['card']): void {
  for (const [name, scheme] of Object.entries(securitySchemes)) checkScheme(name, scheme);
  const requirements = [
    ...(securityRequirements ?? []),
    ...skills.flatMap((s) => s.securityRequirements ?? []),
  ];
  for (const { schemes } of requirements) {
    for (const name of Object.keys(schemes ?? {})) {
      if (Object.hasOwn(securitySchemes, name)) continue;
      throw wrong('securityRequirements', `names the scheme ${name}: declare it in \`securitySchemes\``);
    }
  }
}

/** The name of a scheme is sent in WWW-Authenticate (RFC 9110 §11.1). */
function checkScheme(name: string, { httpAuthSecurityScheme }: SecurityScheme): void {
  if (httpAuthSecurityScheme === undefined || /^[\w!#$%&'*+.^`|~-]+$/.test(httpAuthSecurityScheme.scheme))
    return;
  throw wrong(`securitySchemes.${name}.httpAuthSecurityScheme.scheme`, 'must be one word, such as Bearer');
}

/** Declared URIs are echoed in a header, where a comma separates them. */
function checkUri(uri: string): void {
  if (/^[\x21-\x2b\x2d-\x7e]+$/.test(uri)) return;
  throw wrong(
    'capabilities.extensions',
    `names ${JSON.stringify(uri)}: an extension has a URI without spaces and commas`,
  );
}

function wrong(field: string, why: string): ConfigError {
  const path = field === 'card' || field === 'AgentCard' ? 'card' : `card.${field}`;
  return new ConfigError('ERR_A2A_CARD', `Option \`${path}\` ${why}`);
}
