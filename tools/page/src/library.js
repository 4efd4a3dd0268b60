// The graph library, with the layout that it draws by, as one global: built once, apart from our own modules.
import cytoscape from "cytoscape";
import fcose from "cytoscape-fcose";

cytoscape.use(fcose);
globalThis.cytoscape = cytoscape;
