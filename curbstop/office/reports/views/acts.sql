/*
title: Acts
group: Views
says: Everything that was done or refused in the office, and by whom.
columns:
  - {name: at, says: When, as: at}
  - {name: act, says: Act}
  - {name: by_whom, says: By}
  - {name: denied, says: Denied}
  - {name: says, says: In words}
*/
select e.at, e.act, u.username as by_whom, case when e.denied then 'yes' else 'no' end as denied, e.says from base_event e join base_user u on u.id = e.by_id
