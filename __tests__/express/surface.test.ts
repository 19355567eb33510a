import { describe, expect, it } from '@jest/globals';
import * as surface from '../../lib/index.ts';

describe('the package', () => {
  it('exports these values and no others', () => {
    expect(Object.keys(surface).sort()).toEqual([
      'A2AError',
      'ConfigError',
      'ContentTypeNotSupportedError',
      'ExtendedAgentCardNotConfiguredError',
      'ExtensionSupportRequiredError',
      'InternalError',
      'InvalidAgentResponseError',
      'InvalidParamsError',
      'InvalidRequestError',
      'LeaseLost',
      'MethodNotFoundError',
      'ParseError',
      'PushNotificationNotSupportedError',
      'RateLimitedError',
      'StorageError',
      'TaskClosed',
      'TaskFailed',
      'TaskNotCancelableError',
      'TaskNotFoundError',
      'UnauthenticatedError',
      'UnavailableError',
      'UnsupportedOperationError',
      'VersionNotSupportedError',
      'a2aRouter',
      'a2aV1',
      'allowedHosts',
      'createFold',
      'createPushSigner',
      'data',
      'file',
      'foldLog',
      'isA2AError',
      'isClosing',
      'isTaskFailed',
      'memoryBackend',
      'startPushSender',
      'startWorker',
      'systemClock',
      'text',
      'withShape',
    ]);
  });
});
