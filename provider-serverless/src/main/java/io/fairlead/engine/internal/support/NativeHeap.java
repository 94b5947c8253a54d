package io.fairlead.engine.internal.support;

import java.lang.management.ManagementFactory;
import javax.management.JMException;
import javax.management.ObjectName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The memory that native libraries allocate. */
final class NativeHeap {
  private static final Logger LOG = LoggerFactory.getLogger(NativeHeap.class);

  private NativeHeap() {}

  /**
   * Gives the system back what is free.
   *
   * <p>glibc keeps it otherwise, up to several times a model's size. Where the JVM has no such command, nothing happens.
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
      LOG.debug("Free memory is not given back", e);
    }
  }
}
