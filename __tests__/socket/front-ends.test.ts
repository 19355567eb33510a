import { deploymentCases } from '../deployment/cases.ts';
import { memoryDeployment } from '../deployment/memory.ts';

deploymentCases('two front-ends and two workers', { start: memoryDeployment });
