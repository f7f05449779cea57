/** What a tree remembers between commands: its `.redress/` folder, and when each finding was first seen. */
export { ensureStateFolder, readDetections, recordDetections } from "./detections.ts";
