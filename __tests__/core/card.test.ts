import { describe, expect, it } from '@jest/globals';
import { type CardOptions, createCard } from '../../lib/core/card.ts';
import { ConfigError } from '../../lib/core/config-error.ts';

const CARD = { name: 'N', description: 'D', version: '1' };

function faultOf(card: unknown): unknown {
  try {
    createCard(card as CardOptions); // what a program without types may pass
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('a card', () => {
  it.each([
    ['nothing', null, 'Option `card` must be an object with name, description and version'],
    ['no name', { description: 'D', version: '1' }, 'Option `card.name` is required'],
    ['an empty version', { ...CARD, version: '' }, 'Option `card.version` must not be empty'],
    [
      'a wrong type deep inside',
      { ...CARD, skills: [{ id: 1, name: 'S', description: '', tags: ['t'] }] },
      'Option `card.skills[0].id` must be a string',
    ],
    [
      'an empty list',
      { ...CARD, defaultInputModes: [] },
      'Option `card.defaultInputModes` must have at least one element',
    ],
    [
      'a field of 0.3',
      { ...CARD, protocolVersion: '0.3' },
      'Option `card.protocolVersion` is no field of an agent card of A2A 1.0: remove it',
    ],
    [
      'interfaces',
      { ...CARD, supportedInterfaces: [] },
      'Option `card.supportedInterfaces` is made by the router: set option `publicUrl` to the address clients use',
    ],
    [
      'signatures',
      { ...CARD, signatures: [] },
      'Option `card.signatures` can not be given: pass keys as option `signCard`',
    ],
    [
      'push that is not wired',
      { ...CARD, capabilities: { pushNotifications: true } },
      'Option `card.capabilities.pushNotifications` is false as the router is wired: remove it',
    ],
    [
      'no streaming',
      { ...CARD, capabilities: { streaming: false } },
      'Option `card.capabilities.streaming` is true as the router is wired: remove it',
    ],
    [
      'an unknown capability',
      { ...CARD, capabilities: { stateTransitionHistory: true } },
      'Option `card.capabilities.stateTransitionHistory` is no capability of A2A 1.0: remove it',
    ],
    [
      'capabilities that are a list',
      { ...CARD, capabilities: 'all' },
      'Option `card.capabilities` must be an object',
    ],
    [
      'extensions that are no list',
      { ...CARD, capabilities: { extensions: {} } },
      'Option `card.capabilities.extensions` must be a list',
    ],
    [
      'an extension that is no object',
      { ...CARD, capabilities: { extensions: [null] } },
      'Option `card.capabilities.extensions[0]` must be an object',
    ],
    [
      'an extension with a comma',
      { ...CARD, capabilities: { extensions: [{ uri: 'urn:a,b' }] } },
      'Option `card.capabilities.extensions` names "urn:a,b": an extension has a URI without spaces and commas',
    ],
    [
      'an extension without a URI',
      { ...CARD, capabilities: { extensions: [{}] } },
      'Option `card.capabilities.extensions` names "": an extension has a URI without spaces and commas',
    ],
    [
      'a requirement without a scheme',
      { ...CARD, securityRequirements: [{ schemes: { key: { list: [] } } }] },
      'Option `card.securityRequirements` names the scheme key: declare it in `securitySchemes`',
    ],
    [
      'a scheme that is no word',
      { ...CARD, securitySchemes: { b: { httpAuthSecurityScheme: { scheme: 'Bearer\r\nX: y' } } } },
      'Option `card.securitySchemes.b.httpAuthSecurityScheme.scheme` must be one word, such as Bearer',
    ],
  ])('is refused with the field named: %s', (_, card, message) => {
    const fault = faultOf(card);
    expect(fault).toBeInstanceOf(ConfigError);
    expect(fault).toMatchObject({ code: 'ERR_A2A_CARD', message });
  });

  it.each([
    [
      'capabilities as they are wired',
      { ...CARD, capabilities: { streaming: true, pushNotifications: false } },
    ],
    [
      'undefined for what is left out',
      { ...CARD, skills: undefined, capabilities: { streaming: undefined } },
    ],
    [
      'a scheme that is used',
      {
        ...CARD,
        securitySchemes: { key: { apiKeySecurityScheme: { location: 'header', name: 'X-Key' } } },
        securityRequirements: [{ schemes: { key: { list: [] } } }],
      },
    ],
    [
      'our own extension by hand',
      { ...CARD, capabilities: { extensions: [{ uri: 'urn:express-a2a:resumable-stream:v1' }] } },
    ],
  ])('is taken: %s', (_, card) => {
    expect(faultOf(card)).toBeUndefined();
  });
});
