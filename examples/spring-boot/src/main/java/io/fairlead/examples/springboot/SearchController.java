package io.fairlead.examples.springboot;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

@RestController
class SearchController {
  private final Search search;

  SearchController(Search search) {
    this.search = search;
  }

  record Asked(@Nullable String question) {}

  @PostMapping("/search")
  List<Search.Hit> search(@RequestBody Asked asked) {
    String question = asked.question();
    if (question == null || question.isBlank()) {
      throw new ResponseStatusException(HttpStatus.BAD_REQUEST, "question must be given");
    }
    return search.best(question);
  }
}
