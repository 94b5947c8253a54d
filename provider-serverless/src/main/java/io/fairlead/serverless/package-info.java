/**
 * Models served in this JVM: as files that an engine here runs, or as plain Java code, {@link
 * io.fairlead.serverless.ModelHandler}.
 */
@NullMarked
package io.fairlead.serverless;

import org.jspecify.annotations.NullMarked;
