/** The service beside its twin that calls ONNX Runtime itself: from the start of the process to the first answer. */
@NullMarked
package io.fairlead.examples.startup;

import org.jspecify.annotations.NullMarked;
