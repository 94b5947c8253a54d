package io.fairlead.examples.springboot;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** A search for sentences by their meaning, at {@code /} and at {@code POST /search}. */
@SpringBootApplication
public class SearchApplication {
  /** Creates the application; does nothing else. */
  public SearchApplication() {}

  /** Starts the application. */
  public static void main(String[] args) {
    SpringApplication.run(SearchApplication.class, args);
  }
}
