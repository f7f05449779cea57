/** What a tree remembers between commands: its `.redress/` folder, and when each finding was first seen. */
export {
  detectionKey,
  ensureStateFolder,
  readDetections,
  recordDetections,
  type FirstSight,
} from "./detections.ts";
