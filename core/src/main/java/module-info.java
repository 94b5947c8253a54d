/** One grammar for serving machine-learning models anywhere. */
module io.fairlead.core {
  requires transitive java.net.http;
  requires static transitive org.jspecify;
  requires com.fasterxml.jackson.databind;
  requires org.slf4j;

  exports io.fairlead.config;
  exports io.fairlead.error;
  exports io.fairlead.grammar;
  exports io.fairlead.json;
  exports io.fairlead.language;
  exports io.fairlead.operation;
  exports io.fairlead.platform;
  exports io.fairlead.provider;
  exports io.fairlead.reconcile;
  exports io.fairlead.rollout;
  exports io.fairlead.spi;

  uses io.fairlead.spi.OptionsProvider;
  uses io.fairlead.spi.PlatformProvider;
}
