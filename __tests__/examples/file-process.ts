import { serveBackend } from 'express-a2a/testing';
import { fileStorage } from '../../examples/file-storage/file-storage.ts';

serveBackend(async (directory = '') => {
  const storage = fileStorage({ directory });
  await storage.init();
  return { storage };
});
