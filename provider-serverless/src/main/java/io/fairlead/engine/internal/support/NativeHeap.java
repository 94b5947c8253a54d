package io.fairlead.engine.internal.support;

import java.lang.management.ManagementFactory;
import javax.management.JMException;
import javax.management.ObjectName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The heap of native libraries. */
final class NativeHeap {
  private static final Logger LOG = LoggerFactory.getLogger(NativeHeap.class);

  private NativeHeap() {}

  /**
   * Returns free memory to the system.
   *
   * <p>Otherwise glibc keeps it, up to several times a model's size. Does nothing where the JVM has no such command.
   */
  static void trim() {
    try {
      ManagementFactory.getPlatformMBeanServer()
          .invoke(
              new ObjectName("com.sun.management:type=DiagnosticCommand"),
              "systemTrimNativeHeap",
              null,
              null);
    } catch (JMException | RuntimeException | LinkageError e) {
      LOG.debug("Free memory is not returned to the system", e);
    }
  }
}
