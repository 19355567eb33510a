/** Where the package logs; a pino logger fits. Objects come first, the text second. */
export interface Logger {
  readonly debug: (fields: object, text: string) => void;
  readonly info: (fields: object, text: string) => void;
  readonly warn: (fields: object, text: string) => void;
  readonly error: (fields: object, text: string) => void;
}

/** Says nothing: the default. */
export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** The same logger, made harmless: a line that can not be logged is lost, and nothing else. */
export function guardLogger(logger: Logger): Logger {
  const guard = (level: keyof Logger) => (fields: object, text: string) => {
    try {
      logger[level](fields, text);
    } catch {
      // there is nowhere left to say so
    }
  };
  return { debug: guard('debug'), info: guard('info'), warn: guard('warn'), error: guard('error') };
}

function ignore(): void {
  // silence is the default of a library
}
