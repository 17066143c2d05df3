// Counts at the end of a page's quiz how many first choices were right. The questions themselves
// work without this.
window.addEventListener("load", () => {
  const questions = [...document.querySelectorAll(".quiz")];
  if (!questions.length) return;
  const score = document.createElement("p");
  score.className = "quiz-score";
  score.setAttribute("role", "status");
  const again = document.createElement("button");
  again.type = "button";
  again.className = "quiz-again";
  again.textContent = "Start again";
  again.hidden = true;
  questions.at(-1).after(score, again);

  const firsts = new Map();
  const tell = () => {
    const right = [...firsts.values()].filter(Boolean).length;
    score.textContent = firsts.size
      ? `Right at the first choice: ${right} of ${firsts.size} answered, ${questions.length} in all.`
      : "";
    again.hidden = !firsts.size;
  };
  for (const question of questions) {
    question.addEventListener(
      "toggle",
      ({ target }) => {
        if (!target.open || firsts.has(question)) return;
        firsts.set(question, target.classList.contains("quiz-right"));
        tell();
      },
      true, // toggle does not bubble
    );
  }
  again.addEventListener("click", () => {
    for (const choice of document.querySelectorAll(".quiz-choice[open]")) choice.open = false;
    firsts.clear();
    tell();
    questions[0].querySelector("summary").focus();
  });
});
